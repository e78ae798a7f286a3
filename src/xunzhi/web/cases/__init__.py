"""Cases: one engine for all the work that people do about quality."""
