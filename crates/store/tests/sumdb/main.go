// Verifies an entrace log with Go's own transparency-log packages: the checkpoint's signature, every
// leaf's inclusion and every older tree's consistency. Usage: main ARCHIVE VERIFIER-KEY
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var archive string

// number writes a tile number as C2SP tlog-tiles does.
func number(n int64) string {
	out := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		out = fmt.Sprintf("x%03d/%s", n%1000, out)
	}
	return out
}

func read(path string) []byte {
	bytes, err := os.ReadFile(filepath.Join(archive, "log", path))
	if err != nil {
		log.Fatal(err)
	}
	return bytes
}

type tiles struct{}

func (tiles) Height() int { return 8 }

func (tiles) ReadTiles(list []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range list {
		path := fmt.Sprintf("tile/%d/%s", tile.L, number(tile.N))
		if tile.W < 256 {
			path += ".p/" + strconv.Itoa(tile.W)
		}
		all = append(all, read(path))
	}
	return all, nil
}

func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func main() {
	archive = os.Args[1]
	verifier, err := note.NewVerifier(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	opened, err := note.Open(read("checkpoint"), note.VerifierList(verifier))
	if err != nil {
		log.Fatal(err)
	}
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		log.Fatal(err)
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil {
		log.Fatal(err)
	}
	tree := tlog.Tree{N: size, Hash: *(*tlog.Hash)(root)}
	reader := tlog.TileHashReader(tree, tiles{})
	proofs := 0
	for bundle := int64(0); bundle*256 < size; bundle++ {
		path := "tile/entries/" + number(bundle)
		if rest := size - bundle*256; rest < 256 {
			path += fmt.Sprintf(".p/%d", rest)
		}
		entries := read(path)
		for n := bundle * 256; len(entries) > 0; n++ {
			length := int(binary.BigEndian.Uint16(entries))
			leaf := entries[2 : 2+length]
			entries = entries[2+length:]
			proof, err := tlog.ProveRecord(size, n, reader)
			if err != nil {
				log.Fatal(err)
			}
			if err := tlog.CheckRecord(proof, size, tree.Hash, n, tlog.RecordHash(leaf)); err != nil {
				log.Fatalf("leaf %d: %v", n, err)
			}
			forged := append([]byte("forged "), leaf...)
			if tlog.CheckRecord(proof, size, tree.Hash, n, tlog.RecordHash(forged)) == nil {
				log.Fatalf("a forged leaf %d was accepted", n)
			}
			proofs++
			if n == 0 {
				continue
			}
			older, err := tlog.TreeHash(n, reader)
			if err != nil {
				log.Fatal(err)
			}
			consistency, err := tlog.ProveTree(size, n, reader)
			if err != nil {
				log.Fatal(err)
			}
			if err := tlog.CheckTree(consistency, size, tree.Hash, n, older); err != nil {
				log.Fatalf("tree of size %d: %v", n, err)
			}
			proofs++
		}
	}
	fmt.Printf("%d leaves, %d proofs\n", size, proofs)
}
