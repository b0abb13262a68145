; The player of the NSF files: makes register writes, frame by frame, from data in banks of 4 KB.
;
; The data is a list of commands. The player runs them until a pause ends the frame:
;
;   $00-$1F value            write the value to register $4000 + command
;   $20 bank low high        continue at this bank and address
;   $80-$FF                  pause for command - $7F frames: $80 waits until the next frame
;
; The current bank of data is mapped to $9000-$9FFF. No command crosses a bank's end; each bank ends with a jump to the
; next.

pointer = $00           ; address of the next command, low byte first
pause   = $02           ; frames until it runs

window  = $5FF9         ; the bank mapped to $9000
chip    = $4000

        .org $8000

; Called once. The data starts by switching all channels on, so the chip needs nothing here.
init:   lda #$01        ; the pause ends with the first frame
        sta pause
        sta window      ; bank 0 is this player, bank 1 the first of the data
        lda #$00
        sta pointer
        lda #$90
        sta pointer+1
        rts

; Called once a frame.
play:   dec pause
        bne done
next:   ldy #$00
        lda (pointer),y
        bmi wait
        cmp #$20
        beq jump

        tax             ; a register; its value follows
        iny
        lda (pointer),y
        sta chip,x
        lda #$02        ; the command was two bytes long
        jsr skip
        jmp next

jump:   iny
        lda (pointer),y
        pha             ; the bank must stay mapped until the address is read
        iny
        lda (pointer),y
        tax
        iny
        lda (pointer),y
        sta pointer+1
        stx pointer
        pla
        sta window
        jmp next

wait:   sec
        sbc #$7F
        sta pause
        lda #$01
        jsr skip
done:   rts

; Move the pointer on by as many bytes as A says.
skip:   clc
        adc pointer
        sta pointer
        bcc near
        inc pointer+1
near:   rts
