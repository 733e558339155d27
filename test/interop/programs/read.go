// What crypto/x509 reads, a fact a line, as read.py and Read.java say it.
//
//	go run read.go crl LIST.crl ISSUER.crt    go run read.go csr REQUEST.csr    (DER)
package main

import (
	"crypto/x509"
	"fmt"
	"os"
)

var reasons = map[int]string{1: "keyCompromise", 4: "superseded", 6: "certificateHold", 9: "privilegeWithdrawn"}

func main() {
	if os.Args[1] == "crl" {
		crl(read(os.Args[2]), read(os.Args[3]))
	} else {
		csr(read(os.Args[2]))
	}
}

func crl(der, issuerDer []byte) {
	list := must(x509.ParseRevocationList(der))
	issuer := must(x509.ParseCertificate(issuerDer))
	verdict(list.CheckSignatureFrom(issuer))
	fmt.Println("number", list.Number)
	for _, entry := range list.RevokedCertificateEntries {
		fmt.Printf("revoked %x", entry.SerialNumber)
		if entry.ReasonCode != 0 {
			fmt.Print(" ", reasons[entry.ReasonCode])
		}
		fmt.Println()
	}
}

func csr(der []byte) {
	request := must(x509.ParseCertificateRequest(der))
	verdict(request.CheckSignature())
	for _, name := range request.DNSNames {
		fmt.Println("dns", name)
	}
	for _, address := range request.IPAddresses {
		fmt.Println("ip", address)
	}
	for _, mailbox := range request.EmailAddresses {
		fmt.Println("email", mailbox)
	}
	for _, uri := range request.URIs {
		fmt.Println("uri", uri)
	}
}

func verdict(err error) {
	if err != nil {
		fmt.Println("signature bad", err)
	} else {
		fmt.Println("signature good")
	}
}

func read(file string) []byte { return must(os.ReadFile(file)) }

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
