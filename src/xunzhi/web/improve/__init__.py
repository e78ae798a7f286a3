"""Improvement: findings, projects, circles, their tools, and the proof of effect."""
