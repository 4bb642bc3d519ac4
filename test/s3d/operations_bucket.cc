// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "service.h"
#include "text.h"
#include "xml_in.h"
#include "xml_out.h"

namespace s3d {
namespace {

/// "Bucket naming rules" in the Amazon S3 documentation, the ones that can be judged locally.
bool valid_bucket_name(std::string_view name) {
  if (name.size() < 3 || name.size() > 63) return false;
  auto alnum = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  bool chars = std::all_of(name.begin(), name.end(),
                           [&](char c) { return alnum(c) || c == '-' || c == '.'; });
  return chars && alnum(name.front()) && alnum(name.back()) &&
         name.find("..") == std::string_view::npos;
}

void add_owner(XmlWriter& xml) {
  xml.open("Owner");
  xml.element("ID", "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a");
  xml.element("DisplayName", "s3d");
  xml.close();
}

}  // namespace

Reply list_buckets(Call& call) {
  XmlWriter xml("ListAllMyBucketsResult");
  add_owner(xml);
  xml.open("Buckets");
  for (const BucketPtr& bucket : call.service.store.buckets()) {
    xml.open("Bucket");
    xml.element("Name", bucket->name);
    xml.element("CreationDate", listing_date(bucket->created));
    xml.close();
  }
  return xml_reply(xml.finish());
}

Reply create_bucket(Call& call) {
  const std::string& name = call.address.bucket;
  if (!valid_bucket_name(name))
    return error_reply(call, {"InvalidBucketName", "", {{"BucketName", name}}});
  std::string region = call.service.rules.region();
  std::string wanted;
  if (!call.body.empty()) {
    auto parsed = parse_bucket_configuration(call.body.to_string());
    if (!parsed) return error_reply(call, {"MalformedXML", "", {}});
    wanted = *parsed;
  }
  if (wanted == "us-east-1" || (!wanted.empty() && wanted != region))
    return error_reply(call, {"IllegalLocationConstraintException", "", {}});
  Store& store = call.service.store;
  bool exists = store.bucket(name) != nullptr;
  if (exists && region != "us-east-1")
    return error_reply(call, {"BucketAlreadyOwnedByYou", "", {{"BucketName", name}}});
  if (!exists) {
    std::time_t now = call.service.clock.now();
    call.commit([&store, name, now] {
      store.create_bucket(name, now);
      return WriteOutcome::kDone;
    });
  }
  Reply reply;
  reply.headers.add("Location", "/" + name);
  return reply;
}

Reply head_bucket(Call& call) {
  Reply reply;
  reply.headers.add("x-amz-bucket-region", call.service.rules.region());
  reply.headers.add("x-amz-access-point-alias", "false");
  reply.headers.add("Content-Type", "application/xml");
  return reply;
}

Reply delete_bucket(Call& call) {
  Store& store = call.service.store;
  std::string name = call.address.bucket;
  // A late or lost apply outlives this frame: the outcome is shared, not referenced.
  auto dropped = std::make_shared<Store::DropOutcome>(Store::DropOutcome::kDone);
  call.commit([&store, dropped, name] {
    *dropped = store.drop_bucket(name);
    return WriteOutcome::kDone;
  });
  if (*dropped == Store::DropOutcome::kNotEmpty)
    return error_reply(call, {"BucketNotEmpty", "", {}});
  Reply reply;
  reply.status = 204;
  return reply;
}

Reply get_bucket_location(Call& call) {
  std::string region = call.service.rules.region();
  XmlWriter xml("LocationConstraint");
  std::string document = xml.finish();
  // us-east-1 is spelled as an empty element.
  if (region != "us-east-1") document.insert(document.rfind("</"), xml_escape(region));
  return xml_reply(std::move(document));
}

}  // namespace s3d
