"""Monitoring: results, charts, signals and the standards behind them, as pages."""
