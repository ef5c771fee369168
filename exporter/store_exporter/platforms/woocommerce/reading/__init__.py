"""From WooCommerce's JSON to results. No I/O."""
