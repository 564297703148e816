// SmtpClient: hands letters to one mail server, over one connection that it keeps.
//
// Blocking, through libcurl: for threads of the pool, one at a time. interrupt() ends what waits
// within a second or two, from any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "letter.h"
#include "mail.h"
#include "smtp_reply.h"
#include "tidemill/result.h"

namespace tidemill::mail {

/// A url of a mail server, taken apart.
struct Server {
  bool implicit_tls = false;  ///< smtps.
  std::string host;
  std::string port;

  std::string name() const { return host + ':' + port; }
  bool is_local() const;  ///< This very machine.
};

/// Errors: bad_config.
Result<Server> parse_url(std::string_view url);

class SmtpClient {
 public:
  SmtpClient(const SinkConfig& config, Server server);
  ~SmtpClient();
  SmtpClient(const SmtpClient&) = delete;
  SmtpClient& operator=(const SmtpClient&) = delete;

  /// Connects and logs in, and sends nothing. Errors: bad_config where a person has to mend
  /// something; unavailable, cancelled.
  Result<> probe();

  /// Returns once the server has taken the letter for every recipient; for some, but not all, it is
  /// sent to none. Errors: bad_event, transient, unavailable, cancelled; with the server's words.
  Result<> send(const Letter& letter);

  void interrupt() { interrupted_ = true; }
  void resume() { interrupted_ = false; }

  const Server& server() const { return server_; }

 private:
  struct Handle;  // Of libcurl.

  void set_up();
  Result<> perform(bool probing);
  static std::size_t on_reply(const char* data, std::size_t size, std::size_t count, void* client);
  static int on_progress(void* client, std::int64_t, std::int64_t, std::int64_t, std::int64_t);

  const SinkConfig config_;
  const Server server_;
  const std::string url_;
  std::unique_ptr<Handle> handle_;
  SmtpReplies replies_;
  std::atomic<bool> interrupted_ = false;
};

}  // namespace tidemill::mail
