"""Governance: definitions, targets and baselines, each changed by a person with a reason, never in silence."""
