"""Work on other machines: an executor for a Dask cluster, imported where it is asked for."""

from sdaasp_geo.cluster.executor import DaskExecutor, Sent

__all__ = ["DaskExecutor", "Sent"]
