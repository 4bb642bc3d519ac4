// SPDX-License-Identifier: Apache-2.0
#include "tls.h"

#include <sys/stat.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace s3d {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Certificate = std::unique_ptr<X509, Free>;
using File = std::unique_ptr<std::FILE, Free>;

constexpr long kLifetimeSeconds = 30L * 24 * 3600;

std::string openssl_reason() {
  char text[256] = "unknown error";
  if (unsigned long code = ERR_get_error(); code != 0) ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return text;
}

bool add_extension(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  std::unique_ptr<X509_EXTENSION, Free> extension(
      X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

Certificate blank_certificate(const std::string& name, EVP_PKEY* key) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  // A client that remembers an older test's certificate must not find the same serial number again.
  unsigned char serial[8];
  RAND_bytes(serial, sizeof serial);
  std::uint64_t number = 0;
  for (unsigned char byte : serial) number = number << 8 | byte;
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), number >> 1 | 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kLifetimeSeconds);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return certificate;
}

File open_for_write(const std::string& path) {
  return File(std::fopen(path.c_str(), "w"));
}

bool write_certificate(const std::string& path, X509* certificate) {
  File file = open_for_write(path);
  return file && PEM_write_X509(file.get(), certificate) == 1;
}

bool write_key(const std::string& path, EVP_PKEY* key) {
  File file = open_for_write(path);
  if (!file || fchmod(fileno(file.get()), 0600) != 0) return false;
  return PEM_write_PrivateKey(file.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1;
}

std::string alternative_names(const std::vector<std::string>& domains) {
  std::string out = "DNS:localhost,IP:127.0.0.1,IP:::1";
  for (const std::string& domain : domains) out += ",DNS:" + domain + ",DNS:*." + domain;
  return out;
}

}  // namespace

void FreeTlsContext::operator()(ssl_ctx_st* context) const {
  SSL_CTX_free(context);
}

TlsContext make_tls_context(const std::string& certificate_file, const std::string& key_file,
                            std::string& reason) {
  TlsContext context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate_file.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    reason = certificate_file + ", " + key_file + ": " + openssl_reason();
    return nullptr;
  }
  return context;
}

bool write_self_signed(const std::string& directory, const std::vector<std::string>& domains,
                       SelfSigned& files, std::string& reason) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  files = {directory + "/ca.crt", directory + "/server.crt", directory + "/server.key"};
  Key ca_key(EVP_EC_gen("P-256"));
  Key key(EVP_EC_gen("P-256"));
  if (!ca_key || !key) {
    reason = openssl_reason();
    return false;
  }
  Certificate ca = blank_certificate("pailfs-s3d test CA", ca_key.get());
  X509_set_issuer_name(ca.get(), X509_get_subject_name(ca.get()));
  Certificate server = blank_certificate("localhost", key.get());
  X509_set_issuer_name(server.get(), X509_get_subject_name(ca.get()));
  bool built =
      add_extension(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE") &&
      add_extension(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign") &&
      add_extension(ca.get(), ca.get(), NID_subject_key_identifier, "hash") &&
      X509_sign(ca.get(), ca_key.get(), EVP_sha256()) > 0 &&
      add_extension(server.get(), ca.get(), NID_basic_constraints, "CA:FALSE") &&
      add_extension(server.get(), ca.get(), NID_ext_key_usage, "serverAuth") &&
      add_extension(server.get(), ca.get(), NID_subject_alt_name, alternative_names(domains)) &&
      add_extension(server.get(), ca.get(), NID_authority_key_identifier, "keyid") &&
      X509_sign(server.get(), ca_key.get(), EVP_sha256()) > 0;
  if (!built) {
    reason = openssl_reason();
    return false;
  }
  bool written = write_certificate(files.ca_file, ca.get()) &&
                 write_certificate(files.certificate_file, server.get()) &&
                 write_key(files.key_file, key.get());
  if (!written) reason = "cannot write certificates to " + directory;
  return written;
}

}  // namespace s3d
