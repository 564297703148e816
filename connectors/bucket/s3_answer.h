// What an S3 server answers, read out of its XML. Pure functions over bytes from outside.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidemill::bucket {

struct S3Listed {
  std::string key;
  std::string etag;  ///< Without its quotes.
  std::uint64_t size = 0;
  std::uint64_t modified_us = 0;  ///< Since the Unix epoch.
};

struct S3Page {
  std::vector<S3Listed> objects;
  std::string next;  ///< Token of the next page; empty when this is the last one.
};

/// A page of ListObjectsV2; nothing when it is none.
std::optional<S3Page> parse_s3_page(std::string_view xml);

struct S3Refusal {
  std::string code;     ///< "NoSuchKey"; empty when the answer is not S3's.
  std::string message;  ///< For people; may be empty.
  std::string region;   ///< Where the bucket is, if the server says so.
};

S3Refusal parse_s3_refusal(std::string_view xml);

/// Of the answer to CreateMultipartUpload; empty when there is none.
std::string parse_s3_upload_id(std::string_view xml);

/// CompleteMultipartUpload may fail after it has said 200: is this its success?
bool is_s3_upload_complete(std::string_view xml);

/// "bytes 0-99/1234": the size of the whole object; nothing when it is not told.
std::optional<std::uint64_t> parse_content_range(std::string_view value);

/// XML text of CompleteMultipartUpload.
std::string s3_parts_xml(const std::vector<std::string>& etags);

}  // namespace tidemill::bucket
