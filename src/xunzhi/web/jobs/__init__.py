"""Background work: jobs with progress, and what is due by the clock."""
