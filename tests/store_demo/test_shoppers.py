"""What shoppers do are operations, with parameters that these have."""

from __future__ import annotations

from store_demo.shoppers import _ERRANDS
from store_exporter.spec.operations import Operations


def test_an_errand_is_made_of_operations_and_of_their_parameters() -> None:
    for _, errand in _ERRANDS:
        for operation, names in errand:
            known = getattr(Operations, operation).signature.parameters
            assert set(names) <= set(known), operation
