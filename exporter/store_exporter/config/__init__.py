"""Configuration: the model, loading with every problem listed, secrets, reload."""

from .load import Config, load
from .problems import ConfigError, Problem

__all__ = ["Config", "ConfigError", "Problem", "load"]
