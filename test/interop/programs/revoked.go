// A line on stdin is ROOTS.pem, LISTS.pem and CHAIN.pem, parted by tabs; a line on stdout is its answer: "accepted", or
// "refused<TAB>why". Go verifies chains and reads lists, and leaves it to programs to hold the one against the other.
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"strings"
	"time"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		c := strings.Split(lines.Text(), "\t")
		if err := judge(c[0], c[1], c[2]); err != nil {
			fmt.Println("refused\t" + strings.ReplaceAll(err.Error(), "\n", " "))
		} else {
			fmt.Println("accepted")
		}
	}
}

func blocks(file string) [][]byte {
	rest, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	var all [][]byte
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return all
		}
		all = append(all, block.Bytes)
	}
}

func certificates(file string) []*x509.Certificate {
	var all []*x509.Certificate
	for _, der := range blocks(file) {
		one, err := x509.ParseCertificate(der)
		if err != nil {
			panic(err)
		}
		all = append(all, one)
	}
	return all
}

func poolOf(all []*x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, one := range all {
		pool.AddCert(one)
	}
	return pool
}

func judge(rootFile, listFile, chainFile string) error {
	chain := certificates(chainFile)
	options := x509.VerifyOptions{
		Roots:         poolOf(certificates(rootFile)),
		Intermediates: poolOf(chain[1:]),
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	}
	paths, err := chain[0].Verify(options)
	if err != nil {
		return err
	}
	var lists []*x509.RevocationList
	for _, der := range blocks(listFile) {
		list, err := x509.ParseRevocationList(der)
		if err != nil {
			return err
		}
		lists = append(lists, list)
	}
	for _, path := range paths {
		if err = check(path, lists); err == nil {
			return nil
		}
	}
	return err
}

func check(path []*x509.Certificate, lists []*x509.RevocationList) error {
	for i, certificate := range path[:len(path)-1] {
		list := listOf(path[i+1], lists)
		if list == nil {
			return fmt.Errorf("no list of %s", path[i+1].Subject)
		}
		if time.Now().After(list.NextUpdate) {
			return fmt.Errorf("the list of %s has expired", path[i+1].Subject)
		}
		for _, entry := range list.RevokedCertificateEntries {
			if entry.SerialNumber.Cmp(certificate.SerialNumber) == 0 {
				return fmt.Errorf("%s was revoked, reason %d", certificate.Subject, entry.ReasonCode)
			}
		}
	}
	return nil
}

func listOf(issuer *x509.Certificate, lists []*x509.RevocationList) *x509.RevocationList {
	for _, list := range lists {
		if list.CheckSignatureFrom(issuer) == nil {
			return list
		}
	}
	return nil
}
