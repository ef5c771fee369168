"""What happened to stores: deployments, updates, and whatever else may explain a failure."""
