"""My work: what waits for me, by when, why; notifications and digests."""
