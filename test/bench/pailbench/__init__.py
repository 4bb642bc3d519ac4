# SPDX-License-Identifier: Apache-2.0
"""The benchmark of scripts/bench; see main.py for how its parts meet."""
