"""Probes, collectors and checks of `doctor`: how they are declared, and those that all share."""
