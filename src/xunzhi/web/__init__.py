"""The quality office in the browser: one Django app per room. `docs/web.md` is the plan of this storey."""
