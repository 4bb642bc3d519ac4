// SPDX-License-Identifier: Apache-2.0
/// pailfs-s3d: the project's own S3 server, a strict test instrument.
///
/// It answers as AWS does, refuses what AWS refuses, can be told to be laxer or poorer (rules.h),
/// to misbehave at the level of bytes (faults.h) or to be slow, and counts and logs everything. It
/// shares no code with pailfs' client, so that a bug in one is not hidden by the same bug in the
/// other. Data lives in memory, or below a directory with `--dir`. It listens on loopback only.
///
/// In a test program:
///
///     s3d::ServerOptions options;
///     options.buckets = {"data"};
///     std::string reason;
///     auto server = s3d::Server::start(options, reason);      // port 0: a free one
///     REQUIRE(server);
///     ... server->endpoint() ...                              // http://127.0.0.1:PORT
///     server->add_faults("op=GetObject nth=2 action=reset_after:1000", reason);
///     CHECK(server->stats().requests["GetObject"] == 3);
///
/// As a program: `pailfs-s3d --help`. It prints one line when it is ready,
///
///     pailfs-s3d: ready endpoint=http://127.0.0.1:PORT control=http://127.0.0.1:CPORT
///     [tls=https://127.0.0.1:TPORT]
///
/// and ends with status 0 on SIGTERM or SIGINT. Operations: ListBuckets, CreateBucket, HeadBucket,
/// DeleteBucket, GetBucketLocation, ListObjectsV1, ListObjectsV2, GetObject, HeadObject, PutObject,
/// CopyObject, DeleteObject, DeleteObjects, CreateMultipartUpload, UploadPart, UploadPartCopy,
/// CompleteMultipartUpload, AbortMultipartUpload, ListParts, ListMultipartUploads. Everything else
/// is 501. Not there: versioning, ACLs (x-amz-acl is taken and kept), tagging, SSE-C (501),
/// policies.
///
/// The same controls as HTTP, on the control port, without authentication (all replies are JSON or
/// text):
///
///     GET  /stats              counters, see StatsView, plus objects, open_uploads and the active
///     rules POST /reset              counters and log to zero GET  /log                one JSON
///     line for each request (the last 100000) GET  /history            one JSON line for each
///     applied mutation: n, time_ms, op, bucket, key, etag, size, md5 POST /latency?ms=N before the
///     first byte of each reply POST /bandwidth?connection=N&total=N    bytes a second, both
///     directions, 0 = unlimited POST /rule?name=X&on=1   and on=0 POST /fault              body:
///     one fault a line      GET /faults      POST /faults/clear POST /clock?offset_s=N   the
///     server's clock against the real one POST
///     /credentials?access=A&secret=S[&token=T][&expired=1] POST /bucket?name=N[&public=1|rw]
///     creates it if need be PUT, GET, DELETE /object/BUCKET/KEY     behind the clients' back;
///     headers become the object's.
///                              x-s3d-mtime: SECONDS sets Last-Modified. GET takes no ranges.
///     POST /synthetic?bucket=B&key=K&size=N[&count=M]   one object, or K000000 and so on, whose
///                              content takes no memory; headers become the objects'
///     POST /bucket/discard?name=N   forgets it and all its objects
///     GET  /uploads            open multipart uploads
///     POST /identity/token     IBM's IAM: a bearer token for the API key of --ibm-api-key
///     POST /google?email=E    body: public key of a service account; POST /token and
///     GET /computeMetadata/v1/instance/service-accounts/default/token: Google's tokens for it
///     GET  /federation/credentials   IAM Identity Center: the server's keys for a token that is
///     good POST /tokens?add=T&ibm_api_key=K&lifetime_s=N&revoke=1     GET /tokens: those given,
///     one a line POST /idle/close         closes all idle keep-alive connections
///
/// Thread safety: every method may be called from any thread. Mutations by the controls appear in
/// the history as "foreign:PUT" and "foreign:DELETE" and in no counter.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth.h"
#include "faults.h"
#include "multipart.h"
#include "stats.h"
#include "store.h"
#include "tokens.h"

namespace s3d {

struct Service;

struct ServerOptions {
  std::string listen = "127.0.0.1";
  std::uint16_t port = 0;
  bool control = true;  ///< open the control port
  std::uint16_t control_port = 0;
  std::vector<std::string> buckets;
  Credentials credentials{"AKIDS3DTESTKEY000001", "s3d/secret/key+for=tests", "", false};
  std::string ibm_api_key;         ///< tokens are given for it
  std::vector<std::string> rules;  ///< as Rules::set() takes them, e.g. "region=eu-west-1"
  std::vector<std::string> domains{"s3.localhost"};  ///< Host BUCKET.DOMAIN is virtual-hosted style
  std::string directory;                             ///< empty: memory
  std::uint64_t latency_ms = 0;
  std::uint64_t bandwidth = 0;        ///< bytes a second for each connection
  std::uint64_t total_bandwidth = 0;  ///< for all together
  std::optional<std::uint16_t> tls_port;
  std::string tls_certificate;  ///< PEM files
  std::string tls_key;
  std::string
      tls_self_signed;  ///< directory for ca.crt, server.crt, server.key; instead of the two above
};

class Server {
 public:
  /// Listening and ready, or null with one line of reason.
  static std::unique_ptr<Server> start(const ServerOptions& options, std::string& reason);
  ~Server();  ///< closes all connections and waits for their threads
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::string endpoint() const;          ///< http://127.0.0.1:PORT
  std::string control_endpoint() const;  ///< "" without control port
  std::string tls_endpoint() const;      ///< "" without TLS
  std::uint16_t port() const;
  std::uint16_t tls_port() const;
  const std::string& ca_file() const;  ///< of tls_self_signed, else ""
  std::string ready_line() const;

  StatsView stats() const;
  std::uint64_t object_count() const;
  std::size_t open_uploads() const;
  void reset_stats();
  std::vector<LogEntry> log() const;
  std::vector<Mutation> history();
  std::vector<UploadPtr> uploads() const;

  void set_latency_ms(std::uint64_t ms);
  void set_bandwidth(std::uint64_t per_connection, std::uint64_t total);
  bool set_rule(std::string_view rule, bool on = true);  ///< false: no such rule
  std::vector<std::string> active_rules() const;
  bool add_faults(std::string_view lines, std::string& reason);
  void clear_faults();
  std::vector<Fault> faults() const;
  void set_clock_offset(std::int64_t seconds);
  void set_credentials(Credentials credentials);
  Credentials credentials() const;
  Tokens& tokens();
  std::time_t now() const;  ///< by the server's clock
  std::size_t close_idle_connections();

  bool create_bucket(const std::string& name);  ///< false: exists
  /// With all its objects and open uploads, unlike DeleteBucket.
  bool discard_bucket(const std::string& name);
  bool set_public(const std::string& bucket, bool read, bool write);
  /// Foreign writer and reader. `headers` in lower case; false or null: no such bucket or key.
  bool put_object(const std::string& bucket, const std::string& key, Body body,
                  const Headers& headers = {});
  /// The same for `count` objects whose content is a function of the offset and takes no memory
  /// (synthetic.h): KEY, or KEY000000, KEY000001, ... when there are more than one.
  bool put_synthetic(const std::string& bucket, const std::string& key, std::uint64_t size,
                     std::uint64_t count, const Headers& headers = {});
  ObjectPtr get_object(const std::string& bucket, const std::string& key) const;
  bool delete_object(const std::string& bucket, const std::string& key);
  /// All keys of a bucket, sorted.
  std::vector<std::string> keys(const std::string& bucket) const;

 private:
  struct Ports;
  Server();
  bool open(const ServerOptions& options, std::string& reason);
  /// An empty `etag` is the MD5 of the content.
  bool put_foreign(const std::string& bucket, const std::string& key, Body body, std::string etag,
                   const Headers& headers);

  std::unique_ptr<Service> service_;
  std::unique_ptr<Ports> ports_;
};

}  // namespace s3d
