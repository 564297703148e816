// AWS's own vectors, and what they leave out.
#include "sigv4.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "digest.h"
#include "uri.h"

namespace tidemill::aws {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::filesystem::path vectors = TIDEMILL_SOURCE_DIR "/tests/data/sigv4";
constexpr WallTime when(1'440'938'160'000'000);  // 2015-08-30T12:36:00Z, the time of all of them.

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Vector {
  http_client::Request request;
  std::string body;
  SigningScope scope;
  Credentials credentials;
  std::string payload_hash;
};

// "GET /a b?x=y HTTP/1.1", headers of which lines may go on in the next one, a blank line, the
// body.
void parse(const std::string& text, Vector& vector) {
  const auto head_end = text.find("\n\n");
  std::string head = text.substr(0, head_end);
  if (head_end != text.npos) vector.body = text.substr(head_end + 2);
  const auto line_end = head.find('\n');
  const std::string line = head.substr(0, line_end);
  const auto space = line.find(' ');
  const auto last = line.rfind(' ');
  vector.request.method = line.substr(0, space);
  const std::string target = line.substr(space + 1, last - space - 1);
  const auto question = target.find('?');
  // In these files paths are as people write them. What is sent is encoded.
  vector.request.target = target.substr(0, question);
  if (question != target.npos) vector.request.target += target.substr(question);
  std::string rest = line_end == head.npos ? "" : head.substr(line_end + 1);
  while (!rest.empty()) {
    auto end = rest.find('\n');
    while (end != rest.npos && end + 1 < rest.size() && rest[end + 1] == ' ')
      end = rest.find('\n', end + 1);
    const std::string header = rest.substr(0, end);
    rest = end == rest.npos ? "" : rest.substr(end + 1);
    const auto colon = header.find(':');
    if (colon == header.npos) continue;
    vector.request.headers.push_back({header.substr(0, colon), header.substr(colon + 1)});
  }
}

Vector load(const std::filesystem::path& folder) {
  Vector vector;
  parse(read(folder / "request.txt"), vector);
  const auto context = boost::json::parse(read(folder / "context.json"));
  const auto text = [](const boost::json::value& value) {
    return std::string(value.as_string().data(), value.as_string().size());
  };
  vector.scope = {
      text(context.at("region")), text(context.at("service")),
      context.at("normalize").as_bool() ? CanonicalPath::encoded_again : CanonicalPath::as_sent};
  const auto& who = context.at("credentials");
  vector.credentials.access_key = text(who.at("access_key_id"));
  vector.credentials.secret_key = text(who.at("secret_access_key"));
  if (const auto* token = who.as_object().if_contains("token"))
    vector.credentials.session_token = text(*token);
  vector.payload_hash = hex(sha256(vector.body));
  auto& headers = vector.request.headers;
  headers.push_back({"X-Amz-Date", "20150830T123600Z"});
  const bool omits_token = context.as_object().if_contains("omit_session_token") != nullptr;
  if (!vector.credentials.session_token.empty() && !omits_token)
    headers.push_back({"X-Amz-Security-Token", vector.credentials.session_token});
  if (context.at("sign_body").as_bool())
    headers.push_back({"X-Amz-Content-Sha256", vector.payload_hash});
  return vector;
}

class SigV4Vectors : public ::testing::TestWithParam<std::string> {};

TEST_P(SigV4Vectors, AgreesAtEveryStage) {
  const auto folder = vectors / GetParam();
  const auto vector = load(folder);

  const auto made =
      signature_of(vector.request, vector.payload_hash, vector.scope, vector.credentials, when);

  EXPECT_EQ(made.canonical_request, read(folder / "header-canonical-request.txt"));
  EXPECT_EQ(made.string_to_sign, read(folder / "header-string-to-sign.txt"));
  EXPECT_EQ(made.signature, read(folder / "header-signature.txt"));
}

std::vector<std::string> all_vectors() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(vectors))
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  return names;
}

std::string name_of(const ::testing::TestParamInfo<std::string>& vector) {
  std::string name = vector.param;
  std::ranges::replace(name, '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(OfAws, SigV4Vectors, ::testing::ValuesIn(all_vectors()), name_of);

TEST(SigV4, ThereAreAllVectors) { EXPECT_EQ(all_vectors().size(), 26); }

TEST(SigV4, ARequestToS3SaysAllThatItsSignatureCovers) {
  http_client::Request request{.method = "PUT",
                               .target = "/photos/" + uri_encode_path("a b//../=+(.jpg"),
                               .headers = {{"Content-Type", "image/jpeg"}},
                               .body = "body"};
  const Credentials credentials{"AKID", "very-secret", "token", {}};

  sign(request, "s3.example", {"eu-central-1", "s3", CanonicalPath::as_sent}, credentials, when);

  EXPECT_EQ(request.target, "/photos/a%20b//../%3D%2B%28.jpg");
  std::map<std::string, std::string> headers;
  for (const auto& [name, value] : request.headers) headers[name] = value;
  EXPECT_EQ(headers["X-Amz-Date"], "20150830T123600Z");
  EXPECT_EQ(headers["X-Amz-Content-Sha256"], hex(sha256("body")));
  EXPECT_EQ(headers["X-Amz-Security-Token"], "token");
  EXPECT_FALSE(headers.contains("Host"));  // The client sends it.
  EXPECT_THAT(headers["Authorization"],
              HasSubstr("Credential=AKID/20150830/eu-central-1/s3/aws4_request, "
                        "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;"
                        "x-amz-security-token, Signature="));
  for (const auto& [name, value] : headers) EXPECT_THAT(value, Not(HasSubstr("very-secret")));
}

TEST(Uri, WhatIsEncodedComesBack) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);

  EXPECT_EQ(uri_decode(uri_encode(all)), all);
  EXPECT_EQ(uri_decode("100%"), "100%");
  EXPECT_EQ(uri_decode("%zz%4"), "%zz%4");
}

TEST(Uri, AQueryIsSortedByItsEncodedNames) {
  EXPECT_EQ(uri_query({{"prefix", "a b"}, {"list-type", "2"}, {"uploads", ""}}),
            "list-type=2&prefix=a%20b&uploads=");
}

}  // namespace
}  // namespace tidemill::aws
