// Letter: one mail, and how it comes out of a message.
//
// Pure but for the templates, which may take a while: on the pool. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mail.h"
#include "mailbox.h"
#include "template.h"
#include "tidemill/sink.h"
#include "tidemill/time.h"

namespace tidemill::mail {

struct Attachment {
  std::string name;
  std::string type;
  std::string_view data;  ///< Of the effect.
};

struct Letter {
  Mailbox from;
  std::vector<Mailbox> to, cc, bcc;
  /// Name and value of each, as they stand in the mail; To, Cc and Subject among them.
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<std::string> text, html;
  std::optional<Attachment> attachment;
};

struct LetterRules {
  Template from;
  std::vector<Template> to, cc, bcc;
  Template subject;
  std::optional<Template> text, html;
  std::vector<std::pair<std::string, Template>> headers;
  std::optional<Template> attachment_name, attachment_type;
  std::uint32_t recipients_max = 0;
};

/// Errors: bad_config, with the option and what is wrong with it.
Result<LetterRules> read_rules(const SinkConfig& config, const CompileExpression& compile);

/// Errors: bad_event, with the reason.
Result<Letter> write_letter(const LetterRules& rules, const SinkBatch& batch, const Effect& effect,
                            WallTime now);

/// "Thu, 01 Jan 1970 00:00:00 +0000".
std::string date_of(WallTime time);

}  // namespace tidemill::mail
