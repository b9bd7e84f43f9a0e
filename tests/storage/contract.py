"""What every store passes: subclass `StoreContract` and say, in `open_store`, how one is opened."""

from __future__ import annotations

from tests.storage.contract_base import OpenStore
from tests.storage.contract_care import CareContract
from tests.storage.contract_flows import FlowsContract
from tests.storage.contract_jobs import JobsContract
from tests.storage.contract_keys import KeysContract
from tests.storage.contract_leases import LeasesContract
from tests.storage.contract_machine import MachineContract
from tests.storage.contract_progress import ProgressContract
from tests.storage.contract_rejections import RejectionsContract
from tests.storage.contract_results import ResultsContract
from tests.storage.contract_variables import VariablesContract

__all__ = ["OpenStore", "StoreContract"]


class StoreContract(
    JobsContract,
    VariablesContract,
    LeasesContract,
    ResultsContract,
    RejectionsContract,
    ProgressContract,
    FlowsContract,
    KeysContract,
    CareContract,
    MachineContract,
):
    """All of it."""

    def test_no_part_hides_a_test_of_another(self) -> None:
        names = [name for part in StoreContract.__bases__ for name in vars(part) if name.startswith("test_")]
        assert len(names) == len(set(names))
