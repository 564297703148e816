#include "s3_answer.h"

#include <algorithm>
#include <charconv>
#include <pugixml.hpp>
#include <sstream>

#include "aws/uri.h"
#include "aws/utc_time.h"

namespace tidemill::bucket {
namespace {

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size() && !text.empty();
  return whole ? std::optional(value) : std::nullopt;
}

bool load(pugi::xml_document& document, std::string_view xml) {
  // Spaces at the ends of a key are part of it.
  constexpr unsigned how = pugi::parse_default | pugi::parse_ws_pcdata_single;
  return static_cast<bool>(document.load_buffer(xml.data(), xml.size(), how, pugi::encoding_utf8));
}

// "+" is a space here, other than in targets.
std::string decoded(std::string text) {
  std::ranges::replace(text, '+', ' ');
  return aws::uri_decode(text);
}

std::string unquoted(std::string_view text) {
  if (text.size() >= 2 && text.starts_with('"') && text.ends_with('"'))
    text = text.substr(1, text.size() - 2);
  return std::string(text);
}

}  // namespace

std::optional<S3Page> parse_s3_page(std::string_view xml) {
  pugi::xml_document document;
  if (!load(document, xml)) return std::nullopt;
  const auto root = document.child("ListBucketResult");
  if (!root) return std::nullopt;
  const bool encoded = std::string_view(root.child_value("EncodingType")) == "url";
  S3Page page;
  for (const auto& node : root.children("Contents")) {
    S3Listed object;
    object.key = node.child_value("Key");
    if (encoded) object.key = decoded(std::move(object.key));
    object.etag = unquoted(node.child_value("ETag"));
    const auto size = number_of(node.child_value("Size"));
    const auto modified = aws::parse_utc(node.child_value("LastModified"));
    if (object.key.empty() || !size || !modified) return std::nullopt;
    object.size = *size;
    object.modified_us = modified->value;
    page.objects.push_back(std::move(object));
  }
  if (std::string_view(root.child_value("IsTruncated")) != "true") return page;
  page.next = root.child_value("NextContinuationToken");
  if (page.next.empty()) return std::nullopt;
  return page;
}

S3Refusal parse_s3_refusal(std::string_view xml) {
  pugi::xml_document document;
  if (!load(document, xml)) return {};
  const auto root = document.child("Error");
  return {root.child_value("Code"), root.child_value("Message"), root.child_value("Region")};
}

std::string parse_s3_upload_id(std::string_view xml) {
  pugi::xml_document document;
  if (!load(document, xml)) return {};
  return document.child("InitiateMultipartUploadResult").child_value("UploadId");
}

bool is_s3_upload_complete(std::string_view xml) {
  pugi::xml_document document;
  return load(document, xml) && document.child("CompleteMultipartUploadResult");
}

std::optional<std::uint64_t> parse_content_range(std::string_view value) {
  const auto slash = value.rfind('/');
  if (!value.starts_with("bytes ") || slash == value.npos) return std::nullopt;
  return number_of(value.substr(slash + 1));
}

std::string s3_parts_xml(const std::vector<std::string>& etags) {
  pugi::xml_document document;
  auto root = document.append_child("CompleteMultipartUpload");
  for (std::size_t i = 0; i < etags.size(); ++i) {
    auto part = root.append_child("Part");
    part.append_child("PartNumber").text().set(static_cast<unsigned>(i + 1));
    part.append_child("ETag").text().set(etags[i].c_str());
  }
  std::ostringstream text;
  document.save(text, "", pugi::format_raw | pugi::format_no_declaration);
  return text.str();
}

}  // namespace tidemill::bucket
