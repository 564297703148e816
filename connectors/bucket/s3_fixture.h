// FakeS3: as much of an S3 server as the connector asks for, in this process. It believes every
// signature; tests/s3 has a server that does not.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/digest.h"
#include "aws/uri.h"
#include "http_client/testing/test_server.h"
#include "s3_bucket.h"
#include "tidemill/testing/recording_log.h"
#include "tidemill/testing/temp_folder.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill::bucket {

class FakeS3 {
 public:
  using Request = testing::TestServer::Request;
  using Answer = testing::TestServer::Answer;

  struct Object {
    std::string body;
    std::map<std::string, std::string> headers;  ///< Of its PUT, by names in lower case.
    int version = 0;
  };

  /// The bucket `photos` with what is in `objects`; all else is what `instead` answers first.
  std::map<std::string, Object> objects;
  std::map<std::string, std::map<int, std::string>> uploads;
  std::function<std::optional<Answer>(const Request&)> instead;
  std::size_t page_keys = 1000;

  void write(const std::string& key, std::string body) {
    objects[key] = {std::move(body), {}, ++versions_};
  }

  std::string url() const { return server_.url(); }
  std::vector<Request> requests() const { return server_.requests(); }

  static Answer refusal(unsigned status, const std::string& code) {
    return {.status = status, .body = "<Error><Code>" + code + "</Code></Error>"};
  }

 private:
  using Query = std::map<std::string, std::string>;

  Answer answer(const Request& request) {
    if (instead)
      if (auto other = instead(request)) return *other;
    const auto question = request.target.find('?');
    Query query;
    std::string rest = question == request.target.npos ? "" : request.target.substr(question + 1);
    while (!rest.empty()) {
      const auto end = rest.find('&');
      const std::string pair = rest.substr(0, end);
      const auto equal = pair.find('=');
      query[pair.substr(0, equal)] = aws::uri_decode(pair.substr(equal + 1));
      rest = end == rest.npos ? "" : rest.substr(end + 1);
    }
    const std::string root = "/photos/";
    const std::string path = aws::uri_decode(request.target.substr(0, question));
    if (!path.starts_with(root)) return refusal(404, "NoSuchBucket");
    const std::string key = path.substr(root.size());
    if (key.empty()) return list(query);
    if (query.contains("uploads")) return begin(request, key);
    if (query.contains("uploadId")) return upload(request, key, query);
    if (request.method == "PUT") return put(request, key);
    if (request.method == "DELETE") return remove(key);
    return get(request, key);
  }

  Answer list(const Query& query) {
    const auto value = [&query](const std::string& name) {
      const auto found = query.find(name);
      return found == query.end() ? std::string() : found->second;
    };
    std::string xml = "<ListBucketResult><EncodingType>url</EncodingType>";
    std::size_t count = 0;
    std::string last;
    for (const auto& [key, object] : objects) {
      if (!key.starts_with(value("prefix")) || key <= value("continuation-token")) continue;
      if (count++ == page_keys) {
        xml += "<IsTruncated>true</IsTruncated><NextContinuationToken>" + last +
               "</NextContinuationToken>";
        break;
      }
      last = key;
      std::string encoded = aws::uri_encode(key);
      for (auto at = encoded.find("%20"); at != encoded.npos; at = encoded.find("%20"))
        encoded.replace(at, 3, "+");
      xml += "<Contents><Key>" + encoded + "</Key><LastModified>2026-01-01T00:00:0" +
             std::to_string(object.version % 10) + ".000Z</LastModified><ETag>&quot;" +
             etag_of(object) + "&quot;</ETag><Size>" + std::to_string(object.body.size()) +
             "</Size></Contents>";
    }
    return {.body = xml + "</ListBucketResult>"};
  }

  Answer put(const Request& request, const std::string& key) {
    if (request.header("x-amz-checksum-sha256") != aws::base64(aws::sha256(request.body)))
      return refusal(400, "BadDigest");
    objects[key] = {request.body, headers_of(request), ++versions_};
    return {};
  }

  Answer remove(const std::string& key) {
    objects.erase(key);
    return {.status = 204};
  }

  Answer get(const Request& request, const std::string& key) {
    const auto found = objects.find(key);
    if (found == objects.end()) return refusal(404, "NoSuchKey");
    const std::string& body = found->second.body;
    const std::string wanted = request.header("if-match");
    if (!wanted.empty() && wanted != '"' + etag_of(found->second) + '"')
      return refusal(412, "PreconditionFailed");
    const std::string range = request.header("range");
    if (range.empty()) return {.body = body};
    std::size_t begin = 0;
    std::size_t end = 0;
    const auto dash = range.find('-');
    std::from_chars(range.data() + 6, range.data() + dash, begin);
    std::from_chars(range.data() + dash + 1, range.data() + range.size(), end);
    if (begin >= body.size()) return refusal(416, "InvalidRange");
    end = std::min(end + 1, body.size());
    return {.status = 206,
            .headers = {{"ETag", '"' + etag_of(found->second) + '"'},
                        {"Content-Range", "bytes " + std::to_string(begin) + '-' +
                                              std::to_string(end - 1) + '/' +
                                              std::to_string(body.size())}},
            .body = body.substr(begin, end - begin)};
  }

  Answer begin(const Request& request, const std::string& key) {
    const std::string id = "upload of " + key;
    uploads[id] = {};
    upload_headers_[id] = headers_of(request);
    return {.body = "<InitiateMultipartUploadResult><UploadId>" + id +
                    "</UploadId></InitiateMultipartUploadResult>"};
  }

  Answer upload(const Request& request, const std::string& key, const Query& query) {
    const std::string id = query.at("uploadId");
    if (!uploads.contains(id)) return refusal(404, "NoSuchUpload");
    if (request.method == "PUT") {
      const std::string& number = query.at("partNumber");
      uploads[id][std::stoi(number)] = request.body;
      return {.headers = {{"ETag", "\"part " + number + '"'}}};
    }
    if (request.method == "POST") {
      std::string body;
      std::string xml = "<CompleteMultipartUpload>";
      for (const auto& [number, part] : uploads[id]) {
        xml += "<Part><PartNumber>" + std::to_string(number) + "</PartNumber><ETag>\"part " +
               std::to_string(number) + "\"</ETag></Part>";
        body += part;
      }
      if (request.body != xml + "</CompleteMultipartUpload>") return refusal(400, "InvalidPart");
      objects[key] = {std::move(body), upload_headers_[id], ++versions_};
    }
    uploads.erase(id);
    return {.body = "<CompleteMultipartUploadResult/>"};
  }

  static std::string etag_of(const Object& object) {
    return "etag" + std::to_string(object.version);
  }

  static std::map<std::string, std::string> headers_of(const Request& request) {
    std::map<std::string, std::string> headers;
    for (auto [name, value] : request.headers) {
      for (char& c : name)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
      headers[name] = value;
    }
    return headers;
  }

  int versions_ = 0;
  std::map<std::string, std::map<std::string, std::string>> upload_headers_;
  // The last member: its threads end before what they use.
  testing::TestServer server_{[this](const Request& request) { return answer(request); }};
};

class S3Test : public ::testing::Test {
 protected:
  Services services(bool until_idle = false) {
    return {scheduler_, log_, folder_.path(), until_idle};
  }

  S3Options options() const {
    S3Options options;
    options.aws.endpoint = s3_.url();
    options.aws.region = "us-east-1";
    options.aws.access_key = "AKID";
    options.aws.secret_key = {"very-secret"};
    return options;
  }

  std::unique_ptr<S3Bucket> bucket(const std::string& name = "photos") {
    // Without a wait between two attempts.
    const aws::RetryOptions at_once{.attempts = 4, .initial = Duration(0), .max = Duration(0)};
    auto made = S3Bucket::make(options(), {name, {}}, services(), at_once);
    EXPECT_TRUE(made) << made.error().message;
    return std::move(*made);
  }

  testing::TempFolder folder_;
  testing::VirtualScheduler scheduler_;
  testing::RecordingLog log_;
  FakeS3 s3_;
};

}  // namespace tidemill::bucket
