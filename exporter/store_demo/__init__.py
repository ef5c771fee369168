"""The one-command demo: simulated stores, shoppers and a Slack receiver."""
