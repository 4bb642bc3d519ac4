// SPDX-License-Identifier: Apache-2.0
#include "auth/private_key.h"

#include "key_fixture.h"
#include "key_pair.h"

namespace pailfs::auth {
namespace {

TEST_CASE("a key signs what its public half can verify", "[s3]") {
  const bool rsa = GENERATE(true, false);
  const test::KeyPair pair(rsa ? test::KeyPair::Kind::rsa : test::KeyPair::Kind::p256);
  const auto key = PrivateKey::read(Secret(pair.pem()));
  CAPTURE(key ? "" : key.error().text);
  REQUIRE(key);
  CHECK(key->kind() == (rsa ? PrivateKey::Kind::rsa : PrivateKey::Kind::p256));
  for (int i = 0; i < 20; ++i) {  // R and S with leading zeros too
    const std::string text = "text " + std::to_string(i);
    const auto signature = key->sign(text);
    REQUIRE(signature);
    CHECK(signature->size() == (rsa ? 256U : 64U));
    CHECK(pair.verifies(text, *signature));
    CHECK_FALSE(pair.verifies(text + "x", *signature));
  }
  const auto point = key->point();
  CHECK(point.has_value() == !rsa);
  if (point) CHECK(point->x.size() + point->y.size() == 64);
}

TEST_CASE("a web token has three parts", "[s3]") {
  const test::KeyPair pair(test::KeyPair::Kind::rsa);
  const auto key = PrivateKey::read(Secret(pair.pem()));
  REQUIRE(key);
  const auto token = sign_web_token(*key, R"({"alg":"RS256"})", R"({"a":"??>"})");
  REQUIRE(token);
  const auto parts = split(token->reveal(), '.');
  REQUIRE(parts.size() == 3);
  CHECK(parts[0] == "eyJhbGciOiJSUzI1NiJ9");
  CHECK(parts[1] == "eyJhIjoiPz8-In0");
  CHECK(pair.verifies(parts[0] + "." + parts[1], test::from_base64url(parts[2])));
}

TEST_CASE("what is no key without a pass phrase is refused and not shown", "[s3]") {
  const test::KeyPair pair(test::KeyPair::Kind::p256);
  std::string cut = pair.pem();
  cut.erase(cut.size() / 2, 8);
  for (const std::string& text : {std::string(), std::string("CANARY"), cut,
                                  pair.pem_with_pass_phrase(), pair.public_pem()}) {
    const auto key = PrivateKey::read(Secret(text));
    REQUIRE_FALSE(key);
    CHECK(key.error().text == "is not a private key in PEM, without a pass phrase");
  }
  const test::KeyPair other(test::KeyPair::Kind::p384);
  const auto key = PrivateKey::read(Secret(other.pem()));
  REQUIRE(key);
  CHECK_FALSE(key->sign("x"));
  CHECK_FALSE(key->point());
}

}  // namespace
}  // namespace pailfs::auth
