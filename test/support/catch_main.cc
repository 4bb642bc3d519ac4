// SPDX-License-Identifier: Apache-2.0
// Exists so that the precompiled Catch2 header has an owner; main() comes from Catch2WithMain.
#include "catch.h"
