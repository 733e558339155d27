// A line on stdin is a case, its fields parted by tabs; a line on stdout is its answer: "accepted", "refused<TAB>why",
// or "broken<TAB>why" when the case itself could not be set up.
//
//	path  HOST  CHAIN.pem  CA.pem            crypto/x509
//	tls   HOST  CHAIN.pem  CA.pem  KEY.pem   crypto/tls: a handshake on loopback
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

type refused struct{ error }

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		fmt.Println(strings.ReplaceAll(answer(strings.Split(lines.Text(), "\t")), "\n", " "))
	}
}

func answer(c []string) string {
	err := judge(c)
	switch err.(type) {
	case nil:
		return "accepted"
	case refused:
		return "refused\t" + err.Error()
	default:
		return "broken\t" + err.Error()
	}
}

func judge(c []string) error {
	host := c[1]
	roots, err := pool(c[3])
	if err != nil {
		return err
	}
	if c[0] == "path" {
		return path(host, c[2], roots)
	}
	pair, err := tls.LoadX509KeyPair(c[2], c[4])
	if err != nil {
		return err
	}
	return handshake(host, pair, roots)
}

func certificates(file string) ([]*x509.Certificate, error) {
	rest, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var all []*x509.Certificate
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		one, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	if len(all) == 0 {
		return nil, errors.New("no certificate in " + file)
	}
	return all, nil
}

func pool(file string) (*x509.CertPool, error) {
	all, err := certificates(file)
	if err != nil {
		return nil, err
	}
	return poolOf(all), nil
}

func poolOf(all []*x509.Certificate) *x509.CertPool {
	made := x509.NewCertPool()
	for _, one := range all {
		made.AddCert(one)
	}
	return made
}

func path(host, chainFile string, roots *x509.CertPool) error {
	chain, err := certificates(chainFile)
	if err != nil {
		return err
	}
	usages := []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	options := x509.VerifyOptions{DNSName: host, Roots: roots, Intermediates: poolOf(chain[1:]), KeyUsages: usages}
	if _, err := chain[0].Verify(options); err != nil {
		return refused{err}
	}
	return nil
}

func handshake(host string, pair tls.Certificate, roots *x509.CertPool) error {
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		return err
	}
	defer listener.Close()
	go serveOne(listener)
	dialer := &net.Dialer{Timeout: 20 * time.Second}
	client, err := tls.DialWithDialer(dialer, "tcp", listener.Addr().String(), &tls.Config{ServerName: host, RootCAs: roots})
	var verification *tls.CertificateVerificationError
	if errors.As(err, &verification) {
		return refused{err}
	}
	if err != nil {
		return err
	}
	return client.Close()
}

func serveOne(listener net.Listener) {
	// The client says what was wrong.
	if server, err := listener.Accept(); err == nil {
		server.SetDeadline(time.Now().Add(20 * time.Second))
		server.(*tls.Conn).Handshake()
		server.Close()
	}
}
