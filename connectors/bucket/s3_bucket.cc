#include "s3_bucket.h"

#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>

#include "aws/digest.h"
#include "aws/endpoint.h"
#include "aws/uri.h"
#include "object_metadata.h"
#include "tidemill/http_words.h"

namespace tidemill::bucket {
namespace {

using http_client::Header;

// Answers that are no objects: errors, pages of a listing.
constexpr std::uint64_t page_bytes_max = 16u << 20;

// S3's own way to have other text than ASCII in a header.
std::string header_text(std::string_view value) {
  const auto plain = [](char c) { return c >= ' ' && c <= '~'; };
  if (std::ranges::all_of(value, plain)) return std::string(value);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(value.data());
  return "=?UTF-8?B?" + aws::base64({bytes, value.size()}) + "?=";
}

std::string range_header(std::uint64_t begin, std::uint64_t end) {
  return "bytes=" + std::to_string(begin) + '-' + std::to_string(end - 1);
}

}  // namespace

Result<std::unique_ptr<S3Bucket>> S3Bucket::make(const S3Options& options,
                                                 const S3Location& location,
                                                 const Services& services,
                                                 const aws::RetryOptions& retry) {
  const auto environment = aws::process_environment();
  const std::string region = aws::region_of(options.aws, environment);
  // A certificate for *.s3.REGION.amazonaws.com is not one for names with further dots.
  const bool own_server = !options.aws.endpoint.empty();
  const bool path_style =
      options.path_style.value_or(own_server || location.bucket.find('.') != std::string::npos);
  auto server = aws::endpoint_of(options.aws, "https://s3." + region + ".amazonaws.com");
  if (!server) return std::unexpected(server.error());
  std::string base = server->path;
  std::string place = "s3:" + server->authority() + base + '/' + location.bucket + '/';
  if (path_style) {
    base += '/' + location.bucket;
  } else {
    server->host = location.bucket + '.' + server->host;
  }
  const Scheduler& scheduler = services.scheduler;
  aws::SignedClient::Options client_options{
      // Shorter than a drain takes at most, so that a server that hangs does not outlast it.
      .http = {.server = std::move(*server),
               .tls = options.aws.tls,
               .timeouts = {.idle = std::chrono::seconds(20)}},
      .scope = {region, "s3", aws::CanonicalPath::as_sent},
      .credentials = options.aws.credentials(),
      .environment = environment,
      .retry = retry,
      .clock = [&scheduler] { return scheduler.wall(); },
      .seed = services.scheduler.random()};
  auto client = aws::SignedClient::make(std::move(client_options));
  if (!client) return std::unexpected(client.error());
  return std::unique_ptr<S3Bucket>(
      new S3Bucket(location.bucket, std::move(*client), std::move(base), std::move(place)));
}

S3Bucket::S3Bucket(const std::string& name, std::unique_ptr<aws::SignedClient> client,
                   std::string base, std::string place)
    : client_(std::move(client)),
      server_{client_->server().origin(), client_->scope().region, name},
      base_(std::move(base)),
      place_(std::move(place)) {}

std::string S3Bucket::target(std::string_view key, Query query) const {
  std::string text = base_ + '/' + aws::uri_encode_path(key);
  if (!query.empty()) text += '?' + aws::uri_query(std::move(query));
  return text;
}

Result<> S3Bucket::probe() {
  Request request;
  request.target = target("", {{"list-type", "2"}, {"max-keys", "1"}});
  const auto answer = client_->send(request, aws::Patience::little);
  if (!answer) return std::unexpected(answer.error());
  // A role that may write need not be allowed to list.
  if (answer->ok() || parse_s3_refusal(answer->body).code == "AccessDenied") return {};
  return std::unexpected(refused(server_, *answer));
}

Result<std::string> S3Bucket::reach() {
  if (const Result<> there = probe(); !there) return std::unexpected(there.error());
  return "the bucket is there";
}

Result<S3Page> S3Bucket::list(std::string_view prefix, const std::string& token) {
  Query query{{"list-type", "2"}, {"encoding-type", "url"}, {"max-keys", "1000"}};
  if (!prefix.empty()) query.emplace_back("prefix", prefix);
  if (!token.empty()) query.emplace_back("continuation-token", token);
  Request request;
  request.target = target("", std::move(query));
  request.answer_bytes_max = page_bytes_max;
  return page_of(client_->send(request, aws::Patience::little));
}

Result<S3Page> S3Bucket::page_of(const Result<Response>& answer) const {
  if (!answer) return std::unexpected(answer.error());
  if (!answer->ok()) return std::unexpected(refused(server_, *answer));
  auto page = parse_s3_page(answer->body);
  if (!page)
    return fail(Fault::transient, "what " + server_.origin + " answers is no listing of a bucket");
  return std::move(*page);
}

// As pages of one object, since what HEAD says of a time is not what a listing says: the key itself
// comes before all that it is a prefix of.
Result<std::vector<std::optional<S3Listed>>> S3Bucket::look(std::span<const std::string> keys) {
  std::vector<Request> requests;
  for (const std::string& key : keys) {
    Request request;
    request.target = target(
        "", {{"list-type", "2"}, {"encoding-type", "url"}, {"max-keys", "1"}, {"prefix", key}});
    request.answer_bytes_max = page_bytes_max;
    requests.push_back(std::move(request));
  }
  const auto answers = client_->send_all(requests, aws::Patience::little);
  std::vector<std::optional<S3Listed>> found(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    auto page = page_of(answers[i]);
    if (!page) return std::unexpected(page.error());
    if (!page->objects.empty() && page->objects.front().key == keys[i])
      found[i] = std::move(page->objects.front());
  }
  return found;
}

S3Bucket::Request S3Bucket::first_part(std::string_view key) const {
  Request request;
  request.target = target(key);
  request.headers = {{"Range", range_header(0, part_bytes)}};
  request.answer_bytes_max = part_bytes;
  return request;
}

std::vector<std::optional<Result<Bytes>>> S3Bucket::read_small(std::span<const std::string> keys) {
  std::vector<Request> requests;
  for (const std::string& key : keys) requests.push_back(first_part(key));
  std::vector<std::optional<Result<Bytes>>> objects(keys.size());
  auto answers = client_->send_all(requests);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    auto& answer = answers[i];
    if (answer && answer->ok()) {
      const auto size = parse_content_range(answer->header("content-range"));
      if (size.value_or(answer->body.size()) == answer->body.size())
        objects[i] = Bytes::adopt(std::move(answer->body));
      continue;
    }
    Error error = answer ? refused_to("read", keys[i], server_, *answer)
                         : failed_to("read", keys[i], answer.error());
    if (error.fault == Fault::unavailable) objects[i] = std::unexpected(std::move(error));
  }
  return objects;
}

Result<Bytes> S3Bucket::read(std::string_view key, std::uint64_t bytes_max) {
  Request request = first_part(key);
  request.answer_bytes_max = std::max<std::uint64_t>(bytes_max, part_bytes);
  auto answer = client_->send(request);
  if (answer && answer->status == 416) {  // It is empty: there is no first byte.
    request.headers.clear();
    answer = client_->send(request);
  }
  if (!answer) return std::unexpected(failed_to("read", key, answer.error()));
  if (!answer->ok()) return std::unexpected(refused_to("read", key, server_, *answer));
  const std::uint64_t size =
      parse_content_range(answer->header("content-range")).value_or(answer->body.size());
  if (size > bytes_max)
    return fail(Fault::bad_event, "cannot read the object " + std::string(key) + ": it has " +
                                      std::to_string(size) + " bytes, more than " +
                                      std::to_string(bytes_max) + " bytes");
  if (size == answer->body.size()) return Bytes::adopt(std::move(answer->body));
  return read_rest(key, *answer, size);
}

Result<Bytes> S3Bucket::read_rest(std::string_view key, const Response& first, std::uint64_t size) {
  std::string whole(size, '\0');
  std::memcpy(whole.data(), first.body.data(), std::min<std::size_t>(first.body.size(), size));
  std::vector<Request> requests;
  std::vector<std::string> ranges;
  for (std::uint64_t begin = first.body.size(); begin < size; begin += part_bytes) {
    const std::uint64_t end = std::min<std::uint64_t>(begin + part_bytes, size);
    Request request;
    request.target = target(key);
    // All of one version, or none.
    request.headers = {{"Range", range_header(begin, end)},
                       {"If-Match", std::string(first.header("etag"))}};
    request.receive = [room = std::span(whole).subspan(begin, end - begin)](
                          std::uint64_t offset, std::string_view piece) -> Result<> {
      if (offset + piece.size() > room.size())
        return fail(Fault::transient, "the server answers with more than was asked for");
      std::memcpy(room.data() + offset, piece.data(), piece.size());
      return {};
    };
    requests.push_back(std::move(request));
    ranges.push_back("bytes " + std::to_string(begin) + '-' + std::to_string(end - 1) + '/' +
                     std::to_string(size));
  }
  const auto answers = client_->send_all(requests);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (!answers[i]) return std::unexpected(failed_to("read", key, answers[i].error()));
    if (!answers[i]->ok()) return std::unexpected(refused_to("read", key, server_, *answers[i]));
    if (answers[i]->header("content-range") != ranges[i])
      return fail(Fault::transient, "cannot read the object " + std::string(key) +
                                        ": the server answers with another part of it");
  }
  return Bytes::adopt(std::move(whole));
}

Result<S3Bucket::Request> S3Bucket::put_request(const S3Put& object, std::string method,
                                                Query query) const {
  if (auto sound = check_s3_key(object.key); !sound) return std::unexpected(sound.error());
  Request request;
  request.method = std::move(method);
  request.target = target(object.key, std::move(query));
  const auto type = object.content_type.empty() ? content_type_of(object.key) : object.content_type;
  request.headers.push_back({"Content-Type", header_text(type)});
  for (const auto& [name, value] : object.metadata) {
    if (!is_header_name(name))
      return fail(Fault::bad_event,
                  "the object " + object.key + " has metadata with a name that no header can have");
    request.headers.push_back({"X-Amz-Meta-" + std::string(name), header_text(value)});
  }
  return request;
}

std::vector<Result<>> S3Bucket::put(std::span<const S3Put> objects) {
  std::vector<Result<>> results(objects.size());
  std::vector<Request> requests;
  std::vector<std::size_t> which;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (objects[i].body.size() > single_bytes_max) {
      results[i] = put_in_parts(objects[i]);
      continue;
    }
    auto request = put_request(objects[i], "PUT", {});
    if (!request) {
      results[i] = std::unexpected(request.error());
      continue;
    }
    request->body = objects[i].body;
    // The server compares it with what it has got, and keeps it.
    request->headers.push_back(
        {"X-Amz-Checksum-Sha256", aws::base64(aws::sha256(objects[i].body))});
    requests.push_back(std::move(*request));
    which.push_back(i);
  }
  const auto answers = client_->send_all(requests);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const auto& key = objects[which[i]].key;
    if (!answers[i]) {
      results[which[i]] = std::unexpected(failed_to("write", key, answers[i].error()));
    } else if (!answers[i]->ok()) {
      results[which[i]] = std::unexpected(refused_to("write", key, server_, *answers[i]));
    }
  }
  return results;
}

Result<> S3Bucket::put_in_parts(const S3Put& object) {
  std::vector<std::string_view> parts;
  for (auto rest = object.body; !rest.empty(); rest.remove_prefix(parts.back().size()))
    parts.push_back(rest.substr(0, part_bytes));
  const auto upload = begin_upload(object);
  if (!upload) return std::unexpected(upload.error());
  const auto etags = put_parts(object.key, *upload, 1, parts);
  Result<> done;
  if (etags) {
    done = complete_upload(object.key, *upload, *etags);
  } else {
    done = std::unexpected(etags.error());
  }
  if (!done) abort_upload(object.key, *upload);
  return done;
}

std::vector<Result<>> S3Bucket::remove(std::span<const std::string> keys) {
  std::vector<Result<>> results;
  std::vector<Request> requests;
  for (const std::string& key : keys) {
    Request request;
    request.method = "DELETE";
    request.target = target(key);
    requests.push_back(std::move(request));
  }
  auto answers = client_->send_all(requests);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    results.emplace_back();
    if (!answers[i]) {
      results.back() = std::unexpected(failed_to("remove", keys[i], answers[i].error()));
    } else if (!answers[i]->ok() && parse_s3_refusal(answers[i]->body).code != "NoSuchKey") {
      results.back() = std::unexpected(refused_to("remove", keys[i], server_, *answers[i]));
    }
  }
  return results;
}

Result<std::string> S3Bucket::begin_upload(const S3Put& object) {
  auto request = put_request(object, "POST", {{"uploads", ""}});
  if (!request) return std::unexpected(request.error());
  const auto answer = client_->send(*request);
  if (!answer) return std::unexpected(failed_to("write", object.key, answer.error()));
  if (!answer->ok()) return std::unexpected(refused_to("write", object.key, server_, *answer));
  auto upload = parse_s3_upload_id(answer->body);
  if (upload.empty())
    return fail(Fault::transient,
                "cannot write the object " + object.key + ": the server began no upload");
  return upload;
}

Result<std::vector<std::string>> S3Bucket::put_parts(const std::string& key,
                                                     const std::string& upload, std::size_t first,
                                                     std::span<const std::string_view> parts) {
  std::vector<Request> requests;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    Request request;
    request.method = "PUT";
    request.target = target(key, {{"partNumber", std::to_string(first + i)}, {"uploadId", upload}});
    request.body = parts[i];
    requests.push_back(std::move(request));
  }
  std::vector<std::string> etags;
  for (const auto& answer : client_->send_all(requests)) {
    if (!answer) return std::unexpected(failed_to("write", key, answer.error()));
    if (!answer->ok()) return std::unexpected(refused_to("write", key, server_, *answer));
    etags.emplace_back(answer->header("etag"));
  }
  return etags;
}

Result<> S3Bucket::complete_upload(const std::string& key, const std::string& upload,
                                   const std::vector<std::string>& etags) {
  const std::string xml = s3_parts_xml(etags);
  Request request;
  request.method = "POST";
  request.target = target(key, {{"uploadId", upload}});
  request.headers = {{"Content-Type", "application/xml"}};
  request.body = xml;
  const auto answer = client_->send(request);
  if (!answer) return std::unexpected(failed_to("write", key, answer.error()));
  if (!answer->ok()) return std::unexpected(refused_to("write", key, server_, *answer));
  if (is_s3_upload_complete(answer->body)) return {};
  const auto code = parse_s3_refusal(answer->body).code;
  // Of the server alone, though it had said 200 by then.
  const bool away = code == "InternalError" || code == "SlowDown" || code == "ServiceUnavailable";
  return fail(
      away ? Fault::unavailable : Fault::transient,
      "cannot write the object " + key + ": the server did not put its parts together: " + code);
}

// What cannot be aborted is left to the bucket's rule for unfinished uploads.
void S3Bucket::abort_upload(const std::string& key, const std::string& upload) {
  Request request;
  request.method = "DELETE";
  request.target = target(key, {{"uploadId", upload}});
  std::ignore = client_->send(request);
}

}  // namespace tidemill::bucket
