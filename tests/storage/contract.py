"""The contract suite, which every store passes: a subclass of `StoreContract` overrides the fixture `open_store`."""

from __future__ import annotations

from tests.storage.contract_activity import ActivityContract
from tests.storage.contract_base import OpenStore
from tests.storage.contract_blocks import BlocksContract
from tests.storage.contract_changes import ChangesContract
from tests.storage.contract_counts import CountsContract
from tests.storage.contract_flows import FlowsContract
from tests.storage.contract_held import HeldContract
from tests.storage.contract_jobs import JobsContract
from tests.storage.contract_keys import KeysContract
from tests.storage.contract_leases import LeasesContract
from tests.storage.contract_maintenance import MaintenanceContract
from tests.storage.contract_model import ModelContract
from tests.storage.contract_posters import PostersContract
from tests.storage.contract_processes import ProcessesContract
from tests.storage.contract_rejections import RejectionsContract
from tests.storage.contract_results import ResultsContract
from tests.storage.contract_stream import StreamContract
from tests.storage.contract_variables import VariablesContract

__all__ = ["OpenStore", "StoreContract"]


class StoreContract(
    JobsContract,
    VariablesContract,
    LeasesContract,
    ResultsContract,
    RejectionsContract,
    StreamContract,
    HeldContract,
    CountsContract,
    FlowsContract,
    KeysContract,
    ActivityContract,
    ChangesContract,
    BlocksContract,
    PostersContract,
    ProcessesContract,
    MaintenanceContract,
    ModelContract,
):
    """All parts."""

    def test_no_two_parts_have_a_test_of_the_same_name(self) -> None:
        names = [name for part in StoreContract.__bases__ for name in vars(part) if name.startswith("test_")]
        assert len(names) == len(set(names))
