"""The flat store: its parts, put together on one tree."""

from __future__ import annotations

import os

from storage.base import Store
from storage.clock import Clock
from storage.flat.activity import FlatActivity
from storage.flat.blocks import FlatBlocks
from storage.flat.counts import FlatCounts
from storage.flat.disk_errors import translated
from storage.flat.flows import FlatFlows
from storage.flat.follow_ups import FollowUps
from storage.flat.held import FlatHeld
from storage.flat.housekeeping import Housekeeping
from storage.flat.jobs import FlatJobs
from storage.flat.join_codes import FlatJoinCodes
from storage.flat.keys import FlatKeys
from storage.flat.leases import FlatLeases
from storage.flat.maintenance import FlatMaintenance
from storage.flat.posters import FlatPosters
from storage.flat.processes import FlatProcesses
from storage.flat.profiles import FlatProfiles
from storage.flat.recovery import Recovery
from storage.flat.results import FlatResults
from storage.flat.stream import FlatStream
from storage.flat.tree import Tree
from storage.flat.variables import FlatVariables
from storage.flat.watches import FlatChanges


class FlatStore(Store):
    """A store in a directory of its own; the package's docstring shows the layout.

    Without `prepare`, nothing is written until `maintenance.prepare` or `recover` has made the directories.
    """

    def __init__(
        self, root: str | os.PathLike[str], fsync: bool = True, prepare: bool = True, clock: Clock | None = None
    ) -> None:
        self.clock = clock or Clock()
        tree, follow_ups = Tree(root, fsync, self.clock), FollowUps()
        recovery = Recovery(tree, follow_ups)
        counts = FlatCounts(tree, recovery)
        self._tree = tree
        self._housekeeping = Housekeeping(tree)
        self.jobs = FlatJobs(tree, self._housekeeping)
        self.variables = FlatVariables(tree)
        self.leases = FlatLeases(tree)
        self.results: FlatResults = FlatResults(tree, follow_ups, self.variables)
        self.held = FlatHeld(tree, follow_ups, self.results)
        self.stream = FlatStream(tree)
        self.counts = counts
        self.changes = FlatChanges(tree)
        self.activity: FlatActivity = FlatActivity(tree)
        self.profiles: FlatProfiles = FlatProfiles(tree)
        self.join_codes = FlatJoinCodes(tree)
        self.blocks = FlatBlocks(tree)
        self.posters, self.quotas = FlatPosters(tree, "posters"), FlatPosters(tree, "quotas")
        self.processes = FlatProcesses(tree)
        self.flows = FlatFlows(tree)
        self.keys = FlatKeys(tree)
        self.maintenance = FlatMaintenance(tree, recovery, counts, self._housekeeping)
        if prepare:
            self.maintenance.prepare()

    @translated
    def close(self) -> None:
        self._housekeeping.close()
        self.activity.close()
        self.profiles.close()
        self._tree.changes.close()
        self._tree.commit_log.close()
        self._tree.writer.workspaces.close()
