// SPDX-License-Identifier: Apache-2.0
#include "pailfs/s3/service_host.h"

#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"

namespace pailfs::s3 {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

TEST_CASE("hosts that name their region are read, and no others") {
  const Pairs rows{
      {"s3.amazonaws.com", ""},
      {"s3.eu-west-1.amazonaws.com", "eu-west-1"},
      {"s3-ap-southeast-2.amazonaws.com", "ap-southeast-2"},
      {"s3.dualstack.us-west-2.amazonaws.com", "us-west-2"},
      {"s3-fips.us-east-2.amazonaws.com", "us-east-2"},
      {"s3-fips.dualstack.us-gov-west-1.amazonaws.com", "us-gov-west-1"},
      {"s3.us-gov-east-1.amazonaws.com", "us-gov-east-1"},
      {"s3.cn-north-1.amazonaws.com.cn", "cn-north-1"},
      {"bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com", "us-east-1"},
      {"s3-accelerate.amazonaws.com", ""},
      {"s3-external-1.amazonaws.com", ""},
      {"s3.cn-east-1.sufycs.com", "cn-east-1"},
      {"s3-cn-east-1.qiniucs.com", "cn-east-1"},
      {"s3.eu-central-1.wasabisys.com", "eu-central-1"},
      {"s3.wasabisys.com", ""},
      {"s3.us-west-004.backblazeb2.com", "us-west-004"},
      {"s3.fr-par.scw.cloud", "fr-par"},
      // Regions in name only, or unknown.
      {"s3.us-west-1.idrivecloud.io", ""},
      {"oss-cn-hangzhou.aliyuncs.com", ""},
      {"s3.eu-west-1.example.com", ""},
      {"storage.googleapis.com", ""},
      {"amazonaws.com.example.org", ""},
  };
  for (const auto& [host, region] : rows) {
    INFO(host);
    CHECK(region_in_host(host) == region);
  }
}

TEST_CASE("Amazon's hosts are told from those that look alike") {
  CHECK(is_amazon_host("s3.amazonaws.com"));
  CHECK(is_amazon_host("s3.cn-north-1.amazonaws.com.cn"));
  CHECK_FALSE(is_amazon_host("amazonaws.com.example.org"));
  CHECK_FALSE(is_amazon_host("notamazonaws.com"));
}

TEST_CASE("a host of Amazon is found for another region in the same domain") {
  const Pairs rows{
      {"s3.amazonaws.com", "s3.eu-west-1.amazonaws.com"},
      {"s3.us-east-1.amazonaws.com", "s3.eu-west-1.amazonaws.com"},
      {"s3-us-west-2.amazonaws.com", "s3.eu-west-1.amazonaws.com"},
      {"s3-external-1.amazonaws.com", "s3.eu-west-1.amazonaws.com"},
      {"s3.dualstack.us-east-1.amazonaws.com", "s3.dualstack.eu-west-1.amazonaws.com"},
      {"s3-fips.us-east-1.amazonaws.com", "s3-fips.eu-west-1.amazonaws.com"},
      {"s3.cn-north-1.amazonaws.com.cn", "s3.eu-west-1.amazonaws.com.cn"},
      {"s3-accelerate.amazonaws.com", "s3-accelerate.amazonaws.com"},
      {"x.vpce-1.s3.us-east-1.vpce.amazonaws.com", "x.vpce-1.s3.us-east-1.vpce.amazonaws.com"},
      {"s3.us-east-1.example.com", "s3.us-east-1.example.com"},
  };
  for (const auto& [host, expected] : rows) {
    INFO(host);
    CHECK(amazon_host_for(host, "eu-west-1") == expected);
  }
  CHECK(amazon_host_for("s3.amazonaws.com", "us-east-1") == "s3.amazonaws.com");
  CHECK(amazon_url("eu-west-1") == "https://s3.eu-west-1.amazonaws.com");
  CHECK(amazon_url("cn-north-1") == "https://s3.cn-north-1.amazonaws.com.cn");
}

TEST_CASE("a service's own host is recognised, so that what stands before it is a bucket") {
  for (const char* own :
       {"s3.amazonaws.com", "s3.eu-west-1.amazonaws.com", "s3-eu-west-1.amazonaws.com",
        "s3.example.com", "storage.googleapis.com", "storage.yandexcloud.net",
        "oss-cn-hangzhou.aliyuncs.com", "cos.ap-guangzhou.myqcloud.com",
        "obs.cn-north-4.myhuaweicloud.com", "nyc3.digitaloceanspaces.com",
        "0123abcd.r2.cloudflarestorage.com", "s3.cn-east-1.sufycs.com"}) {
    INFO(own);
    CHECK(is_service_host(own));
  }
  for (const char* other : {"example.com", "minio.example.com", "s3", "localhost",
                            "b.nyc3.digitaloceanspaces.com", "oss-x.example.com"}) {
    INFO(other);
    CHECK_FALSE(is_service_host(other));
  }
}

}  // namespace
}  // namespace pailfs::s3
