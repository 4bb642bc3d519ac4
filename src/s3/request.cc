// SPDX-License-Identifier: Apache-2.0
#include "request.h"

#include "pailfs/util/text.h"

#include "body_digest.h"
#include "request_pieces.h"
#include "sse.h"

namespace pailfs::s3 {

Result<Built> build_head(const Site& site, const Key& key, const CustomerKey* read_key) {
  if (Status ok = check_key(key); !ok) return ok.error();
  Built built = start_request(site, http::Method::head, site.object_url(key));
  add_customer_headers(built.request.headers, read_key);
  return built;
}

Result<Built> build_get(const Site& site, const GetRequest& get, const CustomerKey* read_key) {
  if (Status ok = check_key(get.key); !ok) return ok.error();
  Built built = start_request(site, http::Method::get, site.object_url(get.key));
  if (get.range) {
    if (get.range->length == 0) return Error{EINVAL, "an empty range cannot be read"};
    built.request.headers.add("Range", range_text(*get.range));
  }
  if (!get.if_match.empty()) built.request.headers.add("If-Match", get.if_match.value);
  add_customer_headers(built.request.headers, read_key);
  return built;
}

Result<Built> build_put(const Site& site, const PutRequest& put, const BodySums& sums) {
  if (Status ok = check_key(put.key); !ok) return ok.error();
  Built built = start_request(site, http::Method::put, site.object_url(put.key));
  if (Status ok = add_attributes(built.request, put.attributes); !ok) return ok.error();
  add_creation_headers(built.request, site, put.key);
  add_condition(built.request.headers, site, put.condition);
  add_sums(built.request.headers, sums);
  return built;
}

Result<Built> build_remove(const Site& site, const Removal& removal) {
  if (Status ok = check_key(removal.key); !ok) return ok.error();
  Built built = start_request(site, http::Method::del, site.object_url(removal.key));
  add_condition(built.request.headers, site, {.version = removal.version});
  return built;
}

Result<Built> build_copy(const Site& site, const CopyRequest& copy, const CustomerKey* source_key) {
  if (Status ok = check_key(copy.source); !ok) return ok.error();
  if (Status ok = check_key(copy.destination); !ok) return ok.error();
  Built built = start_request(site, http::Method::put, site.object_url(copy.destination));
  http::Headers& headers = built.request.headers;
  headers.add("x-amz-copy-source", site.copy_source(copy.source));
  headers.add("x-amz-metadata-directive", copy.attributes ? "REPLACE" : "COPY");
  if (!copy.source_if_match.empty())
    headers.add("x-amz-copy-source-if-match", copy.source_if_match.value);
  add_condition(headers, site, copy.condition);
  if (copy.attributes) {
    if (Status ok = add_attributes(built.request, *copy.attributes); !ok) return ok.error();
  }
  add_copy_source_headers(headers, source_key);
  add_creation_headers(built.request, site, copy.destination);
  // A rename or chmod must not take an object's encryption away.
  if (site.encryption.kind == Encryption::Kind::none) add_customer_headers(headers, source_key);
  allow_long_silence(built.request, site);
  built.body.emplace();
  return built;
}

Result<Built> build_remove_many(const Site& site, const std::vector<Removal>& removals) {
  if (removals.empty() || removals.size() > 1000)
    return Error{EINVAL, "a batch of deletes has 1 to 1000 keys"};
  std::string body =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (const Removal& removal : removals) {
    if (Status ok = check_key(removal.key); !ok) return ok.error();
    body.append("<Object><Key>").append(xml_escape(removal.key)).append("</Key>");
    if (!removal.version.empty())
      body.append("<ETag>").append(xml_escape(removal.version.value)).append("</ETag>");
    body.append("</Object>");
  }
  body += "</Delete>";
  Built built =
      start_request(site, http::Method::post, site.bucket_url({{"delete", std::nullopt}}));
  built.request.headers.add("Content-Type", "application/xml");
  built.request.headers.add("Content-MD5", base64(digest(Digest::md5, body)));
  allow_long_silence(built.request, site);
  built.body = std::move(body);
  return built;
}

Built build_list(const Site& site, const ListRequest& list, const std::string& start, bool v2) {
  std::vector<QueryField> query{{"encoding-type", "url"},
                                {"max-keys", std::to_string(list.max_keys)},
                                {"prefix", list.prefix}};
  if (list.delimited) query.push_back({"delimiter", "/"});
  if (v2) query.push_back({"list-type", "2"});
  if (!start.empty()) query.push_back({v2 ? "continuation-token" : "marker", start});
  return start_request(site, http::Method::get, site.bucket_url(query));
}

}  // namespace pailfs::s3
