// SPDX-License-Identifier: Apache-2.0
// The words of the store that S3's own code speaks in every line.
#pragma once

#include "pailfs/store/object_store.h"

namespace pailfs::s3 {

using store::ByteRange;
using store::ByteSink;
using store::Condition;
using store::CopyRequest;
using store::ETag;
using store::GetRequest;
using store::Key;
using store::ListedObject;
using store::ListPage;
using store::ListRequest;
using store::Obedience;
using store::Obeys;
using store::ObjectAttributes;
using store::ObjectInfo;
using store::ObjectStore;
using store::PartOrigin;
using store::PutRequest;
using store::Removal;
using store::SeenVersion;
using store::UploadedPart;
using store::UploadId;
using store::UploadInProgress;
using store::UploadPage;

}  // namespace pailfs::s3
