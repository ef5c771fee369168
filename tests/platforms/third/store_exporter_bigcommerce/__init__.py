"""BigCommerce for store-exporter, as another distribution than its own brings a platform."""
