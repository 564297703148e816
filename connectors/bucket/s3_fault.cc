#include "s3_fault.h"

#include <utility>

#include "aws/signed_client.h"
#include "s3_answer.h"

namespace tidemill::bucket {

using http_client::Response;

Error refused(const S3Server& server, const Response& answer) {
  const auto refusal = parse_s3_refusal(answer.body);
  const auto& code = refusal.code;
  const std::string& where = server.origin;
  std::string region(answer.header("x-amz-bucket-region"));
  if (region.empty()) region = refusal.region;
  std::string said = code.empty() ? std::to_string(answer.status) : code;
  if (!refusal.message.empty()) said += ": " + refusal.message;
  if (aws::may_pass(answer)) return {Fault::unavailable, where + " answers " + said};
  if (!region.empty() && region != server.region)
    return {Fault::bad_config, "the bucket " + server.bucket + " is in another region (" + said +
                                   "); set region: " + region};
  std::string advice;
  if (code == "NoSuchBucket") {
    said = "there is no bucket " + server.bucket + " at " + where;
    advice = "; create it, or correct the url";
  } else if (code == "InvalidAccessKeyId") {
    said = where + " does not know the access key (" + said + ")";
    advice = "; correct access_key, or where it comes from";
  } else if (code == "SignatureDoesNotMatch") {
    said = "the secret key is not the one of the access key, says " + where + " (" + said + ")";
    advice = "; correct secret_key, or where it comes from";
  } else if (code == "AccessDenied") {
    said = where + " does not let us use the bucket " + server.bucket + " (" + said + ")";
    advice = "; allow it to these credentials";
  } else {
    said = where + " refuses the bucket " + server.bucket + " (" + said + ")";
  }
  if (code.empty()) advice = "; is this the endpoint of an S3 server?";
  return {Fault::bad_config, said + advice};
}

Error refused_to(std::string_view doing, std::string_view key, const S3Server& server,
                 const Response& answer) {
  const auto code = parse_s3_refusal(answer.body).code;
  if (answer.status == 404 && code != "NoSuchBucket" && code != "NoSuchUpload")
    return failed_to(doing, key, {Fault::bad_event, "it is gone"});
  if (answer.status == 412 || code == "NoSuchUpload")
    return failed_to(doing, key, {Fault::transient, "it changed meanwhile"});
  Error error = refused(server, answer);
  // Of the bucket or of who we are, so that it is true of every key; all else is of this one.
  const bool of_all = answer.status == 401 || answer.status == 403 || answer.status / 100 == 3 ||
                      code == "NoSuchBucket";
  if (error.fault == Fault::bad_config && !of_all) error.fault = Fault::bad_event;
  return failed_to(doing, key, std::move(error));
}

Error failed_to(std::string_view doing, std::string_view key, Error error) {
  if (error.fault == Fault::bad_config) error.fault = Fault::transient;
  error.message =
      "cannot " + std::string(doing) + " the object " + std::string(key) + ": " + error.message;
  return error;
}

}  // namespace tidemill::bucket
