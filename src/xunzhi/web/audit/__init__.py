"""The audit log: who did what, when, why; append-only and hash-chained."""
