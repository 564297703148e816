#include "smtp_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

namespace tidemill::mail {
namespace {

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct FreeMime {
  void operator()(curl_mime* mime) const { curl_mime_free(mime); }
};
using Mime = std::unique_ptr<curl_mime, FreeMime>;

class List {
 public:
  void add(const std::string& text) {
    curl_slist* const longer = curl_slist_append(list_.get(), text.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    std::ignore = list_.release();
    list_.reset(longer);
  }
  curl_slist* get() const { return list_.get(); }
  curl_slist* release() { return list_.release(); }

 private:
  std::unique_ptr<curl_slist, FreeList> list_;
};

constexpr long connect_ms = 10'000;

// Lines of mails end in CR LF.
std::string with_line_ends(std::string_view text) {
  std::string lines;
  char before = '\0';
  for (const char c : text) {
    if (c == '\n' && before != '\r') lines += '\r';
    lines += c;
    before = c;
  }
  return lines;
}

void add_text(curl_mime* mime, const char* type, std::string_view text) {
  curl_mimepart* const part = curl_mime_addpart(mime);
  const std::string lines = with_line_ends(text);
  curl_mime_data(part, lines.data(), lines.size());
  curl_mime_type(part, type);
  curl_mime_encoder(part, "quoted-printable");
}

void add_texts(curl_mime* mime, const Letter& letter) {
  if (letter.text) add_text(mime, "text/plain; charset=utf-8", *letter.text);
  if (letter.html) add_text(mime, "text/html; charset=utf-8", *letter.html);
}

Mime mime_of(CURL* handle, const Letter& letter) {
  Mime mime(curl_mime_init(handle));
  if (letter.text && letter.html) {
    curl_mimepart* const part = curl_mime_addpart(mime.get());
    Mime both(curl_mime_init(handle));
    add_texts(both.get(), letter);
    curl_mime_subparts(part, both.release());
    curl_mime_type(part, "multipart/alternative");
    List inline_header;
    inline_header.add("Content-Disposition: inline");
    curl_mime_headers(part, inline_header.release(), 1);
  } else {
    add_texts(mime.get(), letter);
  }
  if (letter.attachment) {
    curl_mimepart* const part = curl_mime_addpart(mime.get());
    curl_mime_data(part, letter.attachment->data.data(), letter.attachment->data.size());
    curl_mime_type(part, letter.attachment->type.c_str());
    curl_mime_encoder(part, "base64");
    List disposition;
    disposition.add("Content-Disposition: " + encoded_disposition(letter.attachment->name));
    curl_mime_headers(part, disposition.release(), 1);
  }
  return mime;
}

// Must a person mend it, if it is so at the start?
bool is_of_setup(CURLcode code) {
  return code == CURLE_LOGIN_DENIED || code == CURLE_USE_SSL_FAILED ||
         code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
         code == CURLE_SSL_CERTPROBLEM;
}

}  // namespace

struct SmtpClient::Handle {
  struct Clean {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  };
  std::unique_ptr<CURL, Clean> curl;
  std::array<char, CURL_ERROR_SIZE> words{};
};

bool Server::is_local() const {
  constexpr std::array<std::string_view, 3> names{"localhost", "127.0.0.1", "[::1]"};
  return std::ranges::find(names, host) != names.end();
}

Result<Server> parse_url(std::string_view url) {
  const auto wrong = [] {
    return fail(Fault::bad_config, "url: it takes smtp://HOST:PORT or smtps://HOST:PORT");
  };
  Server server;
  if (url.starts_with("smtps://")) {
    server.implicit_tls = true;
  } else if (!url.starts_with("smtp://")) {
    return wrong();
  }
  url.remove_prefix(url.find("//") + 2);
  if (url.ends_with('/')) url.remove_suffix(1);
  if (url.contains('@'))
    return fail(Fault::bad_config, "url: leave the login out of it; see user and password");
  const auto bracket = url.find(']');
  const auto colon = url.find(':', bracket == url.npos ? 0 : bracket);
  server.host = url.substr(0, colon);
  server.port = server.implicit_tls ? "465" : "587";
  if (colon != url.npos) server.port = url.substr(colon + 1);
  const bool named = !server.host.empty() && std::ranges::all_of(server.host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(".-_:[]").find(c) != std::string_view::npos;
  });
  constexpr std::size_t port_digits = 5;
  const bool numbered =
      !server.port.empty() && server.port.size() <= port_digits &&
      std::ranges::all_of(server.port, [](char c) { return c >= '0' && c <= '9'; });
  if (!named || !numbered) return wrong();
  return server;
}

SmtpClient::SmtpClient(const SinkConfig& config, Server server)
    : config_(config),
      server_(std::move(server)),
      url_((server_.implicit_tls ? "smtps://" : "smtp://") + server_.name()) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  handle_ = std::make_unique<Handle>();
  handle_->curl.reset(curl_easy_init());
}

SmtpClient::~SmtpClient() = default;

std::size_t SmtpClient::on_reply(const char* data, std::size_t size, std::size_t count,
                                 void* client) {
  static_cast<SmtpClient*>(client)->replies_.take({data, size * count});
  return size * count;
}

int SmtpClient::on_progress(void* client, std::int64_t, std::int64_t, std::int64_t, std::int64_t) {
  return static_cast<SmtpClient*>(client)->interrupted_ ? 1 : 0;
}

// Everything but what is sent; the connection stays.
void SmtpClient::set_up() {
  CURL* const curl = handle_->curl.get();
  curl_easy_reset(curl);
  handle_->words[0] = '\0';
  replies_.clear();
  const auto set = [curl](CURLoption option, auto value) { curl_easy_setopt(curl, option, value); };
  set(CURLOPT_URL, url_.c_str());
  set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  set(CURLOPT_PROXY, "");  // Proxies of the environment are not looked at.
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_ERRORBUFFER, handle_->words.data());
  set(CURLOPT_HEADERFUNCTION, &SmtpClient::on_reply);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &SmtpClient::on_progress);
  set(CURLOPT_XFERINFODATA, this);
  set(CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
  const auto silence = std::chrono::ceil<std::chrono::seconds>(config_.timeout);
  set(CURLOPT_SERVER_RESPONSE_TIMEOUT, static_cast<long>(silence.count()));
  if (!config_.user.empty()) {
    set(CURLOPT_USERNAME, config_.user.c_str());
    set(CURLOPT_PASSWORD, config_.password.value.c_str());
  }
  const TlsOptions& tls = config_.tls;
  // To this machine nobody listens on the way.
  const bool relaxed = server_.is_local() && !tls.on();
  long encryption = relaxed ? CURLUSESSL_TRY : CURLUSESSL_ALL;
  if (tls.enabled == false) encryption = CURLUSESSL_NONE;
  set(CURLOPT_USE_SSL, encryption);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  const bool verified = tls.verify && !(relaxed && !server_.implicit_tls);
  set(CURLOPT_SSL_VERIFYPEER, verified ? 1L : 0L);
  set(CURLOPT_SSL_VERIFYHOST, verified ? 2L : 0L);
  if (tls.ca) set(CURLOPT_CAINFO, tls.ca->value.c_str());
  if (tls.cert) set(CURLOPT_SSLCERT, tls.cert->value.c_str());
  if (tls.key) set(CURLOPT_SSLKEY, tls.key->value.c_str());
  if (tls.key_password) set(CURLOPT_KEYPASSWD, tls.key_password->value.c_str());
}

Result<> SmtpClient::probe() {
  set_up();
  curl_easy_setopt(handle_->curl.get(), CURLOPT_CUSTOMREQUEST, "NOOP");
  curl_easy_setopt(handle_->curl.get(), CURLOPT_NOBODY, 1L);
  if (auto reached = perform(true); !reached) return reached;
  long connects = 0;
  curl_easy_getinfo(handle_->curl.get(), CURLINFO_NUM_CONNECTS, &connects);
  // libcurl goes on without a login where the server does not offer one.
  if (!config_.user.empty() && connects > 0 && !replies_.logged_in())
    return fail(Fault::bad_config, config_.tls.enabled == false
                                       ? "nobody can log in there without TLS"
                                       : "nobody can log in there; leave out user and password");
  return {};
}

Result<> SmtpClient::send(const Letter& letter) {
  set_up();
  CURL* const curl = handle_->curl.get();
  const std::string from = '<' + letter.from.address + '>';
  List recipients;
  for (const auto* const mailboxes : {&letter.to, &letter.cc, &letter.bcc})
    for (const Mailbox& mailbox : *mailboxes) recipients.add('<' + mailbox.address + '>');
  List headers;
  for (const auto& [name, value] : letter.headers)
    headers.add(name + (value.empty() ? ";" : ": " + value));
  const Mime mime = mime_of(curl, letter);
  curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from.c_str());
  curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients.get());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime.get());
  auto sent = perform(false);
  curl_easy_reset(curl);  // It knows no more of what ends here.
  return sent;
}

Result<> SmtpClient::perform(bool probing) {
  const CURLcode code = curl_easy_perform(handle_->curl.get());
  if (code == CURLE_OK) return {};
  const int reply = replies_.code();
  const bool refused = reply >= 400;
  std::string message = refused ? "answers " + replies_.text() : std::string(handle_->words.data());
  if (message.empty()) message = curl_easy_strerror(code);
  if (code == CURLE_ABORTED_BY_CALLBACK) return fail(Fault::cancelled, "the sink is being closed");
  // A connection that is lost behind a reply has that reply's code as well; one that refuses
  // something is the end of what was asked.
  Fault fault = refused ? fault_of_reply(reply) : Fault::unavailable;
  const bool of_setup = is_of_setup(code) || mail::is_of_setup(reply);
  if (of_setup) fault = Fault::unavailable;
  if (code == CURLE_LOGIN_DENIED) message += "; correct user or password";
  if (code == CURLE_USE_SSL_FAILED) message += "; the server offers no TLS";
  if (probing) fault = of_setup ? Fault::bad_config : Fault::unavailable;
  return fail(fault, std::move(message));
}

}  // namespace tidemill::mail
