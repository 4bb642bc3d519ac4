// SPDX-License-Identifier: Apache-2.0
#include "s3/xml.h"

#include <string>
#include <vector>

#include "pailfs/util/text.h"
#include "pailfs/util/xml_document.h"

#include "support/catch.h"

namespace pailfs::s3 {
namespace {

const std::string kHead = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

std::string listing(const std::string& inner) {
  return kHead + "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">" + inner +
         "</ListBucketResult>";
}

std::string entry(const std::string& key) {
  return "<Contents><Key>" + key +
         "</Key><LastModified>2026-11-22T03:17:29.000Z</LastModified>"
         "<ETag>&quot;abc&quot;</ETag><Size>12</Size></Contents>";
}

TEST_CASE("a listing is read with its keys, prefixes and markers") {
  const Result<ListReply> list = parse_list(listing(
      "<Name>b</Name><Prefix>a%2F</Prefix><Delimiter>%2F</Delimiter>"
      "<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
      "<NextMarker>a%2Fz</NextMarker><NextContinuationToken>1+%2B</NextContinuationToken>" +
      entry("a%2Fb+c%2Bd%C3%BC") + "<CommonPrefixes><Prefix>a%2Fsub%2F</Prefix></CommonPrefixes>"));
  REQUIRE(list);
  REQUIRE(list->objects.size() == 1);
  CHECK(list->objects[0].key == "a/b c+dü");
  CHECK(list->objects[0].size == 12);
  CHECK(list->objects[0].etag.value == "\"abc\"");
  CHECK(list->objects[0].last_modified == parse_iso8601("2026-11-22T03:17:29Z"));
  CHECK(list->prefixes == std::vector<std::string>{"a/sub/"});
  CHECK(list->truncated);
  CHECK(list->next_marker == "a/z");
  CHECK(list->next_token == "1+%2B");
  CHECK(list->prefix == "a/");
  CHECK(list->delimiter == "/");
}

TEST_CASE("names are taken as they are when the service ignored the wish to encode them") {
  const Result<ListReply> list =
      parse_list(listing("<IsTruncated>false</IsTruncated>" + entry("a%2Fb+c &amp; &lt;d&gt;")));
  REQUIRE(list);
  CHECK(list->objects.at(0).key == "a%2Fb+c & <d>");
}

TEST_CASE("control characters that XML forbids are understood") {
  for (const char* spelled : {"a&#x01;b", "a&#x1;b", "a&#1;b",
                              "a\x01"
                              "b"}) {
    INFO(spelled);
    const Result<ListReply> list =
        parse_list(listing("<IsTruncated>false</IsTruncated>" + entry(spelled)));
    REQUIRE(list);
    CHECK(list->objects.at(0).key ==
          "a\x01"
          "b");
  }
  const Result<ListReply> legal =
      parse_list(listing("<IsTruncated>false</IsTruncated>" + entry("a&#x9;&#10;&#65;b")));
  REQUIRE(legal);
  CHECK(legal->objects.at(0).key == "a\t\nAb");
}

TEST_CASE("a private-use character in a key is not mistaken for our own marker") {
  const std::string key =
      "\xf4\x8f\xbc\x80"
      "A";
  const Result<ListReply> list =
      parse_list(listing("<IsTruncated>false</IsTruncated>" + entry(key + "&#x2;")));
  REQUIRE(list);
  CHECK(list->objects.at(0).key == key + "\x02");
}

TEST_CASE("any namespace, prefix and leading blank is accepted") {
  for (const std::string& body :
       {std::string("  \n") + listing("<IsTruncated>false</IsTruncated>"),
        std::string("<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"),
        std::string("<s:ListBucketResult xmlns:s=\"urn:x\"><s:IsTruncated>false</s:IsTruncated>"
                    "</s:ListBucketResult>")}) {
    INFO(body);
    CHECK(parse_list(body));
  }
}

TEST_CASE("what is not a whole listing is never an empty one") {
  const std::string whole = listing("<IsTruncated>false</IsTruncated>" + entry("k"));
  for (std::size_t length = 0; length + 1 < whole.size(); ++length) {
    INFO(length);
    CHECK_FALSE(parse_list(std::string_view(whole).substr(0, length)));
  }
  const std::vector<std::string> bad{
      "",
      "   ",
      "hello",
      "<html><body>Sign in</body></html>",
      "<Error><Code>InternalError</Code></Error>",
      listing(""),
      listing("<IsTruncated>maybe</IsTruncated>"),
      listing("<IsTruncated>false</IsTruncated><Contents><Size>1</Size></Contents>"),
      listing("<IsTruncated>false</IsTruncated><Contents><Key>k</Key></Contents>"),
      listing("<IsTruncated>false</IsTruncated><Contents><Key>k</Key><Size>-1</Size></Contents>"),
      listing("<IsTruncated>false</IsTruncated><CommonPrefixes/>"),
      listing("<IsTruncated>false</IsTruncated><Contents><Key>k</Key><Size>1</Size>"
              "<LastModified>yesterday</LastModified></Contents>"),
      "<!DOCTYPE x [<!ENTITY a \"b\">]>" + listing("<IsTruncated>false</IsTruncated>"),
      whole + "<more/>",
      listing("<IsTruncated>false</IsTruncated>" + entry("\xff")),
  };
  for (const std::string& body : bad) {
    INFO(printable(body));
    const Result<ListReply> list = parse_list(body);
    REQUIRE_FALSE(list);
    CHECK(list.error().err == EIO);
  }
}

TEST_CASE("size and depth of a document are bounded") {
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += "<a>";
  for (int i = 0; i < 40; ++i) deep += "</a>";
  CHECK_FALSE(XmlDocument::parse(deep, 10'000));
  CHECK(XmlDocument::parse("<a><b>c</b></a>", 100));
  CHECK_FALSE(XmlDocument::parse("<a><b>c</b></a>", 10));
}

TEST_CASE("an error document gives its code, region and endpoint") {
  const std::optional<ErrorReply> error =
      parse_error(kHead +
                  "<Error><Code>PermanentRedirect</Code><Message>go &amp; see</Message>"
                  "<Region>eu-west-1</Region><Endpoint>b.s3.eu-west-1.amazonaws.com</Endpoint>"
                  "<RequestId>R1</RequestId></Error>");
  REQUIRE(error);
  CHECK(error->code == "PermanentRedirect");
  CHECK(error->message == "go & see");
  CHECK(error->region == "eu-west-1");
  CHECK(error->endpoint == "b.s3.eu-west-1.amazonaws.com");
  CHECK(error->request_id == "R1");
  CHECK_FALSE(parse_error("<html/>"));
  CHECK_FALSE(parse_error(""));
  CHECK_FALSE(parse_error("<Error><Code>x</Code>"));
}

TEST_CASE("a batch delete is read key by key") {
  const Result<std::vector<DeletedKey>> keys = parse_delete(
      "<DeleteResult><Deleted><Key>a</Key></Deleted><Error><Key>b</Key><Code>AccessDenied</Code>"
      "<Message>no</Message></Error><Error><Key>c</Key></Error></DeleteResult>");
  REQUIRE(keys);
  REQUIRE(keys->size() == 3);
  CHECK(keys->at(0).code.empty());
  CHECK(keys->at(1).code == "AccessDenied");
  CHECK(keys->at(2).code == "InternalError");
}

TEST_CASE("copies, completions and new uploads are proven by what they name, whatever their root") {
  for (const char* root : {"CopyObjectResult", "CopyPartResult", "Anything"}) {
    INFO(root);
    const std::string body = "<" + std::string(root) + "><ETag>\"e\"</ETag></" + root + ">";
    CHECK(parse_copy(body)->value == "\"e\"");
    CHECK(parse_complete_upload(body)->value == "\"e\"");
  }
  CHECK(parse_copy("<CopyObjectResult/>")->empty());
  CHECK(parse_copy("<CopyPartResult><LastModified/></CopyPartResult>")->empty());
  CHECK(parse_create_upload("<InitiateMultipartUpload><UploadId>u</UploadId>"
                            "</InitiateMultipartUpload>")
            ->value == "u");
  for (const char* body :
       {"<Error><Code>InternalError</Code></Error>", "<Error><ETag>e</ETag></Error>",
        "<Error><UploadId>u</UploadId></Error>", "<html><body><ETag>e</ETag></body></html>",
        "<status><ok>true</ok></status>", "", "<CopyObjectResult><ETag>e</ETag>"}) {
    INFO(body);
    CHECK_FALSE(parse_copy(body));
    CHECK_FALSE(parse_complete_upload(body));
    CHECK_FALSE(parse_create_upload(body));
  }
  CHECK_FALSE(parse_complete_upload("<CompleteMultipartUploadResult/>"));
  CHECK(parse_complete_upload("<CompleteMultipartUploadResult><Key>k</Key><ETag></ETag>"
                              "</CompleteMultipartUploadResult>")
            ->empty());
  CHECK_FALSE(parse_complete_upload("<CopyObjectResult><Key>k</Key></CopyObjectResult>"));
}

TEST_CASE("uploads and their parts are listed with where to go on") {
  CHECK(parse_create_upload("<InitiateMultipartUploadResult><UploadId>u</UploadId>"
                            "</InitiateMultipartUploadResult>")
            ->value == "u");
  CHECK_FALSE(parse_create_upload("<InitiateMultipartUploadResult/>"));
  const Result<PartsReply> parts = parse_parts(
      "<ListPartsResult><IsTruncated>true</IsTruncated><NextPartNumberMarker>2"
      "</NextPartNumberMarker><Part><PartNumber>2</PartNumber><ETag>\"x\"</ETag><Size>5</Size>"
      "</Part></ListPartsResult>");
  REQUIRE(parts);
  CHECK(parts->truncated);
  CHECK(parts->next_marker == "2");
  CHECK(parts->parts.at(0).number == 2);
  CHECK(parts->parts.at(0).size == 5);
  CHECK_FALSE(
      parse_parts("<ListPartsResult><IsTruncated>false</IsTruncated><Part/>"
                  "</ListPartsResult>"));
  const Result<UploadsReply> uploads = parse_uploads(
      "<ListMultipartUploadsResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
      "<NextKeyMarker>a%2Fb</NextKeyMarker><NextUploadIdMarker>u2</NextUploadIdMarker>"
      "<Upload><Key>a%2Fb</Key><UploadId>u1</UploadId><Initiated>2026-11-22T03:17:29.000Z"
      "</Initiated></Upload></ListMultipartUploadsResult>");
  REQUIRE(uploads);
  CHECK(uploads->page.next_key == "a/b");
  CHECK(uploads->page.next_upload_id == "u2");
  CHECK(uploads->page.uploads.at(0).key == "a/b");
}

TEST_CASE("an ETag has one spelling") {
  CHECK(normal_etag("abc").value == "\"abc\"");
  CHECK(normal_etag("\"abc\"").value == "\"abc\"");
  CHECK(normal_etag(" W/\"abc\" ").value == "\"abc\"");
  CHECK(normal_etag("").empty());
  CHECK(normal_etag("\"\"").empty());
}

}  // namespace
}  // namespace pailfs::s3
