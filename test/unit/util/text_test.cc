// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/text.h"

#include "support/catch.h"

using namespace pailfs;  // NOLINT: a test file

TEST_CASE("percent encoding leaves only unreserved bytes", "[util]") {
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  const std::string encoded = percent_encode(all, false);
  CHECK(encoded.find("%00%01") == 0);
  CHECK(encoded.find("%20%21%22%23%24%25%26%27%28%29%2A%2B%2C-.%2F0123456789%3A") !=
        std::string::npos);
  CHECK(encoded.find("XYZ%5B%5C%5D%5E_%60abc") != std::string::npos);
  CHECK(encoded.find("xyz%7B%7C%7D~%7F%80") != std::string::npos);
  CHECK(encoded.ends_with("%FE%FF"));
  CHECK(percent_decode(encoded) == all);
  CHECK(percent_decode(percent_encode(all, true)) == all);
  CHECK(percent_encode("a/b", true) == "a/b");
  CHECK(percent_encode("a/b", false) == "a%2Fb");
}

TEST_CASE("percent decoding lets everything else stand", "[util]") {
  CHECK(percent_decode("a+b%2bc%2Bd") == "a+b+c+d");
  CHECK(percent_decode("%") == "%");
  CHECK(percent_decode("%4") == "%4");
  CHECK(percent_decode("%41") == "A");
  CHECK(percent_decode("%zz%4g%%41") == "%zz%4g%A");
  CHECK(percent_decode("%00") == std::string(1, '\0'));
}

TEST_CASE("base64 is that of RFC 4648", "[util]") {
  const std::vector<std::pair<std::string, std::string>> vectors = {{"", ""},
                                                                    {"f", "Zg=="},
                                                                    {"fo", "Zm8="},
                                                                    {"foo", "Zm9v"},
                                                                    {"foob", "Zm9vYg=="},
                                                                    {"fooba", "Zm9vYmE="},
                                                                    {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : vectors) {
    CHECK(base64(plain) == coded);
    CHECK(base64_decode(coded) == plain);
  }
  CHECK(base64(std::string("\xFB\xFF\xFE", 3)) == "+//+");
  for (const std::string bad :
       {"Z", "Zg=", "Zg===", "Z===", "====", "Zm9v!m9v", "Zg==Zm9v", "Zm 9"}) {
    CAPTURE(bad);
    CHECK_FALSE(base64_decode(bad).has_value());
  }
}

TEST_CASE("hex is lower case", "[util]") {
  CHECK(hex(std::string("\x00\x7F\xAB\xFF", 4)) == "007fabff");
  CHECK(hex("").empty());
}

TEST_CASE("trimming takes blanks off both ends only", "[util]") {
  CHECK(trim(" \t\r\n a b \n") == "a b");
  CHECK(trim("").empty());
  CHECK(trim(" \r\n").empty());
}

TEST_CASE("case is folded for ASCII only", "[util]") {
  CHECK(to_lower("AbZ\xC3\x84@[") == "abz\xC3\x84@[");
  CHECK(equals_ignoring_case("ETag", "eTAG"));
  CHECK_FALSE(equals_ignoring_case("ETag", "ETags"));
  CHECK_FALSE(equals_ignoring_case("[", "{"));
}

TEST_CASE("splitting keeps empty parts", "[util]") {
  CHECK(split("a,,b,", ',') == std::vector<std::string>{"a", "", "b", ""});
  CHECK(split("", ',') == std::vector<std::string>{""});
  CHECK(split("abc", ',') == std::vector<std::string>{"abc"});
}

TEST_CASE("numbers are whole or nothing", "[util]") {
  CHECK(parse_uint("0") == 0);
  CHECK(parse_uint("18446744073709551615") == ~0ULL);
  CHECK(parse_uint("755", 8) == 0755);
  CHECK(parse_uint("fF", 16) == 255);
  CHECK(parse_int("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
  CHECK(parse_int("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
  for (const std::string bad :
       {"", " 1", "1 ", "+1", "-1", "-0", "1x", "0x1", "1.0", "18446744073709551616"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_uint(bad).has_value());
  }
  for (const std::string bad : {"", " 1", "+1", "--1", "-", "9223372036854775808"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_int(bad).has_value());
  }
}

TEST_CASE("printable text cannot forge a line or drive a terminal", "[util]") {
  CHECK(printable("plain \xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80") ==
        "plain \xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80");
  CHECK(printable("a\nb\r\t\x1B[0m\x7F") == "a\\x0ab\\x0d\\x09\\x1b[0m\\x7f");
  CHECK(printable(std::string("a\0b", 3)) == "a\\x00b");
  // Over-long, surrogate, beyond Unicode, cut short, stray continuation.
  CHECK(printable("\xC0\xAF") == "\\xc0\\xaf");
  CHECK(printable("\xE0\x80\xAF") == "\\xe0\\x80\\xaf");
  CHECK(printable("\xED\xA0\x80") == "\\xed\\xa0\\x80");
  CHECK(printable("\xF4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");
  CHECK(printable("\xE2\x82") == "\\xe2\\x82");
  CHECK(printable("\x80") == "\\x80");
  // U+009B is a control sequence introducer in one character.
  CHECK(printable("\xC2\x9B") == "\\xc2\\x9b");
  CHECK(printable("abcdef", 3) == "abc...");
  CHECK(printable("abc", 3) == "abc");
}

TEST_CASE("sizes are shown with a unit", "[util]") {
  CHECK(human_size(0) == "0 B");
  CHECK(human_size(1023) == "1023 B");
  CHECK(human_size(1536) == "1.5 KiB");
  CHECK(human_size(13'107'200) == "12.5 MiB");
  CHECK(human_size(~0ULL) == "16.0 EiB");
}

TEST_CASE("a typo finds its neighbour and nonsense finds nothing", "[util]") {
  const std::vector<std::string_view> options = {"use_cache", "passwd_file", "retries", "url"};
  CHECK(nearest("pasword_file", options) == "passwd_file");
  CHECK(nearest("use-cache", options) == "use_cache");
  CHECK(nearest("uri", options) == "url");
  CHECK_FALSE(nearest("completely_else", options).has_value());
  const std::vector<std::string_view> more = {"use_path_request_style", "passwd_file",
                                              "proxy_cred_file", "max_stat_cache_size",
                                              "use_cache"};
  CHECK(nearest("use_path_style", more) == "use_path_request_style");
  CHECK(nearest("force_path_style", more) == "use_path_request_style");
  CHECK(nearest("path", more) == "use_path_request_style");
  CHECK(nearest("passwd", more) == "passwd_file");
  CHECK(nearest("file", more) == "passwd_file");
  CHECK(nearest("max_stat_cache", more) == "max_stat_cache_size");
  CHECK_FALSE(nearest("use_magic", more).has_value());
  CHECK_FALSE(nearest("x", {}).has_value());
}
