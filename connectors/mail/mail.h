// The mail connector: messages as mails, by SMTP.
//
// What a user may write. See README.md for what the words promise.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tidemill/registry.h"
#include "tidemill/security_options.h"

namespace tidemill::mail {

/// What goes along as a file: the data of the message.
struct AttachOptions {
  std::string name;  ///< A template; empty: nothing is attached.
  std::string type;  ///< A template; empty: the content type of the data.
};

struct SinkConfig {
  std::string url;
  std::string user;
  Secret password;
  std::string from;
  std::vector<std::string> to, cc, bcc;
  std::string subject;
  std::optional<std::string> text, html;
  Mapping headers;
  AttachOptions attach;
  std::uint32_t recipients_max = 100;
  Rate rate;
  std::chrono::microseconds timeout = std::chrono::seconds(30);
  TlsOptions tls;
};

ConfigSpec<SinkConfig> sink_spec();

void register_with(Registry& registry);

}  // namespace tidemill::mail
