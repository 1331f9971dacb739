"""Work in threads: small matrices get one thread of BLAS."""

from __future__ import annotations

import numpy as np
import threadpoolctl

from selfiesim.core.parallel import with_one_blas_thread


def test_small_matrices_get_one_thread_of_blas():
    @with_one_blas_thread
    def threads(matrix):
        np.linalg.inv(matrix)
        return [pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]

    found = threads(np.eye(3))
    assert found
    assert set(found) == {1}
