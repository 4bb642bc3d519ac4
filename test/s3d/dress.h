// SPDX-License-Identifier: Apache-2.0
/// The last thing that is done to a reply: the spelling of a service, where it writes the same XML
/// in another way than S3.
#pragma once
#include "service.h"

namespace s3d {

/// Changes documents only, and only under the rules that ask for it.
void dress(const Call& call, Reply& reply);

}  // namespace s3d
