// MailSink: messages as mails, one after the other over one connection.
//
// A message is done when the server has said that it has the whole mail. One that it refuses fails
// alone; where it takes none at all, this one and those behind it are put off. What was taken when
// a connection or the engine ended, without anybody hearing of it, is sent once more, under the
// same Message-ID. Lives on the executor of its pipeline; blocking calls on the pool.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "letter.h"
#include "mail.h"
#include "smtp_client.h"
#include "tidemill/async.h"
#include "tidemill/registry.h"
#include "tidemill/sink.h"

namespace tidemill::mail {

class MailSink final : public Sink {
 public:
  MailSink(const SinkConfig& config, Server server, LetterRules rules, Services services);

  static constexpr Idempotence idempotence = Idempotence::at_least_once;

  SinkTraits traits() const override;
  std::string place() const override;
  Task<Result<std::string>> reach() override;
  Task<Result<>> open() override;
  Task<std::vector<Result<>>> write(SinkBatch batch) override;
  Task<> close() override;

 private:
  Task<> wait_for_turn();
  Result<> send(const SinkBatch& batch, const Effect& effect);

  const LetterRules rules_;
  const Services services_;
  const Duration pause_;  // Between two mails.
  SmtpClient client_;
  Signal closing_;
  bool closed_ = false;
  Instant next_{};  // When the next mail may go.
};

}  // namespace tidemill::mail
