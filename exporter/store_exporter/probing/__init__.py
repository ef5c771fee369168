"""Running probes and collectors on a schedule and recording what they find."""
