# SPDX-License-Identifier: Apache-2.0
"""A host of its own for each end-to-end test: two network namespaces, a cgroup, servers and a capture outside."""
