"""The REST API under /api/ for programs with a token: organisation, results, signals, cases."""
